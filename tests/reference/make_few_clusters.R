# Reference fits of counts and risks with robust errors for few clusters.
#
#   Rscript tests/reference/make_few_clusters.R tests/reference/data
#
# reads glmm_few.csv, glmm_trial.csv and glmm_both.csv (made by make_glmm.R), adds an exposure, and
# writes few_<set>.csv, few_<set>.json and few_session.txt. Bias-reduced errors (CR2) with
# Satterthwaite's degrees of freedom, and the jackknife (CR3), are clubSandwich's, for lm and for
# glm with binomial and Poisson family; CR3 is multiplied by (G-1)/G. The negative binomial is
# MASS::glm.nb's model; its likelihood is written out here over all parameters, log alpha too, and
# polished with Newton steps on numeric derivatives, as glm.nb stops early; the sandwich and the
# jackknife, one Newton step without a cluster, follow from numeric scores and Hessians by cluster.
suppressMessages({library(clubSandwich); library(sandwich); library(MASS); library(numDeriv); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
right <- ~ arm + psychosis + age
fine <- list(epsilon = 1e-15, maxit = 100)

robust <- function(fit, cluster) {
  G <- length(unique(cluster))
  cr2 <- vcovCR(fit, cluster, "CR2")
  table <- coef_test(fit, cr2, test = "Satterthwaite")
  list(coef = unname(coef(fit)), se_cr2 = unname(table$SE), df_cr2 = unname(table$df_Satt %||% table$df),
       se_cr3 = unname(sqrt(diag(vcovCR(fit, cluster, "CR3")) * (G - 1) / G)),
       se_cr1 = unname(sqrt(diag(vcovCL(fit, cluster, type = "HC0", cadjust = TRUE)))))
}
`%||%` <- function(a, b) if (is.null(a)) b else a

negative_binomial <- function(y, X, offset, cluster, weights = rep(1, length(y))) {
  rows <- function(theta, who = seq_along(y)) {
    p <- ncol(X); mu <- exp(X[who, , drop = FALSE] %*% theta[1:p] + offset[who])
    weights[who] * dnbinom(y[who], size = exp(-theta[p + 1]), mu = mu, log = TRUE)
  }
  whole <- function(theta) sum(rows(theta))
  start <- glm.nb(y ~ X - 1 + offset(offset), weights = weights)
  theta <- c(coef(start), -log(start$theta))
  for (step in 1:6) theta <- theta - solve(hessian(whole, theta), grad(whole, theta))
  A <- -hessian(whole, theta)
  groups <- split(seq_along(y), cluster)
  scores <- t(sapply(groups, function(g) grad(function(v) sum(rows(v, g)), theta)))
  G <- length(groups)
  changes <- t(sapply(seq_len(G), function(g)
    -solve(A + hessian(function(v) sum(rows(v, groups[[g]])), theta), scores[g, ])))
  V <- solve(A)
  list(coef = unname(theta), loglik = whole(theta), theta = start$theta, gradient = max(abs(grad(whole, theta))),
       se_model = sqrt(diag(V)), se_cr1 = sqrt(diag(V %*% crossprod(scores) %*% V) * G / (G - 1)),
       se_cr3 = sqrt(diag(crossprod(changes)) * (G - 1) / G))
}

for (set in c("few", "trial", "both")) {
  d <- read.csv(file.path(folder, sprintf("glmm_%s.csv", set)))
  set.seed(7)
  d$years <- round(runif(nrow(d), 0.3, 2), 2)
  d$often <- rpois(nrow(d), 1.2)
  d$chance <- round(runif(nrow(d), 0.5, 3), 2)
  d$days <- rnbinom(nrow(d), size = 1.2, mu = exp(0.9 + 0.3 * d$psychosis - 0.4 * d$arm) * d$years)
  write.csv(d, file.path(folder, sprintf("few_%s.csv", set)), row.names = FALSE)
  cl <- d$cluster
  out <- list(
    linear = robust(lm(update(right, count ~ .), d), cl),
    logistic = robust(glm(update(right, event ~ .), binomial, d, control = fine), cl),
    risk = robust(glm(update(right, event ~ .), poisson, d, control = fine), cl),
    poisson = robust(glm(update(right, count ~ .), poisson, d, control = fine), cl),
    rate = robust(glm(update(right, days ~ . + offset(log(years))), poisson, d, control = fine), cl))
  r <- glm(update(right, days ~ . + offset(log(years))), poisson, d, control = fine)
  out$rate$loglik <- as.numeric(logLik(r))
  long <- d[rep(seq_len(nrow(d)), d$often), ]
  w <- glm(update(right, days ~ .), poisson, long, control = fine)
  out$frequency <- list(coef = unname(coef(w)), loglik = as.numeric(logLik(w)), n = nrow(long),
    se_cr1 = unname(sqrt(diag(vcovCL(w, long$cluster, type = "HC0", cadjust = TRUE)))))
  s <- suppressWarnings(glm(update(right, days ~ .), poisson, d, weights = chance, control = fine))
  out$sampling <- list(coef = unname(coef(s)),
    se_cr1 = unname(sqrt(diag(vcovCL(s, cl, type = "HC0", cadjust = TRUE)))))
  X <- model.matrix(right, d); none <- rep(0, nrow(d))
  out$negative_binomial <- negative_binomial(d$days, X, none, cl)
  out$negative_binomial_rate <- negative_binomial(d$days, X, log(d$years), cl)
  out$negative_binomial_sampling <- negative_binomial(d$days, X, none, cl, d$chance)
  write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), file.path(folder, sprintf("few_%s.json", set)))
}
sink(file.path(folder, "few_session.txt")); print(sessionInfo()); sink()
