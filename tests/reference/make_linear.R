# Reference fits of the linear model with robust errors and sampling weights.
#
#   Rscript tests/reference/make_linear.R tests/reference/data
#
# reads few_<set>.csv (made by make_few_clusters.R) and writes linear_<set>.json and
# linear_session.txt: R's lm, and clubSandwich's CR1S, CR2 (with Satterthwaite's degrees of freedom)
# and CR3, multiplied by (G-1)/G, with weights `chance` taken as sampling weights (clubSandwich's
# own target, one variance) and without, by cluster and by row.
suppressMessages({library(clubSandwich); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
robust <- function(fit, cluster) {
  G <- length(unique(cluster))
  table <- coef_test(fit, vcovCR(fit, cluster, "CR2"), test = "Satterthwaite")
  df <- if (is.null(table$df_Satt)) table$df else table$df_Satt
  list(coef = unname(coef(fit)), se_cr2 = unname(table$SE), df_cr2 = unname(df),
       se_cr1 = unname(sqrt(diag(vcovCR(fit, cluster, "CR1S")))),
       se_cr3 = unname(sqrt(diag(vcovCR(fit, cluster, "CR3")) * (G - 1) / G)))
}
for (set in c("few", "trial", "both")) {
  d <- read.csv(file.path(folder, sprintf("few_%s.csv", set)))
  f <- count ~ arm + psychosis + age
  plain <- lm(f, d); weighted <- lm(f, d, weights = chance)
  out <- list(model = list(coef = unname(coef(plain)), se = unname(sqrt(diag(vcov(plain)))),
                           loglik = as.numeric(logLik(plain)), sigma2 = summary(plain)$sigma^2),
              by_cluster = robust(plain, d$cluster), by_row = robust(plain, seq_len(nrow(d))),
              sampling_by_cluster = robust(weighted, d$cluster),
              sampling_by_row = robust(weighted, seq_len(nrow(d))),
              offset = robust(lm(count ~ arm + psychosis + age + offset(years), d), d$cluster),
              frequency = robust(lm(f, d[rep(seq_len(nrow(d)), d$often), ]),
                                 rep(d$cluster, d$often)))
  writeLines(toJSON(out, digits = I(16), auto_unbox = TRUE, pretty = FALSE),
             file.path(folder, sprintf("linear_%s.json", set)))
}
session <- capture.output(sessionInfo())
writeLines(session[!grepl("BLAS|LAPACK|^Matrix", session)], file.path(folder, "linear_session.txt"))
