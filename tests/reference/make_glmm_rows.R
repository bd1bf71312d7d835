# Reference fits of mixed logistic and Poisson models whose rows have offsets, exposures, weights, or
# stand for several people.
#
#   Rscript tests/reference/make_glmm_rows.R tests/reference/data
#
# reads few_few.csv and few_trial.csv (made by make_few_clusters.R) and writes rows_<set>.json and
# rows_session.txt: `glmer` of lme4 with 7 nodes, its optimiser pressed to 1e-10 and its inner iterations to 1e-13.
suppressMessages({library(lme4); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
fine <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5),
                     tolPwrss = 1e-13)
told <- function(fit) list(coef = unname(fixef(fit)), sd = unname(as.data.frame(VarCorr(fit))$sdcor),
  se = unname(sqrt(diag(vcov(fit, use.hessian = TRUE)))))
for (set in c("few", "trial")) {
  d <- read.csv(file.path(folder, sprintf("few_%s.csv", set)))
  d$lean <- d$age / 2
  cells <- aggregate(cbind(events = event, people = 1) ~ cluster + arm + psychosis, d, sum)
  long <- d[rep(seq_len(nrow(d)), d$often), ]
  out <- list(
    rate = told(glmer(count ~ arm + psychosis + offset(log(years)) + (1 | cluster), d, poisson, control = fine, nAGQ = 7)),
    offset = told(glmer(event ~ arm + psychosis + offset(lean) + (1 | cluster), d, binomial, control = fine, nAGQ = 7)),
    trials = told(glmer(cbind(events, people - events) ~ arm + psychosis + (1 | cluster), cells, binomial, control = fine, nAGQ = 7)),
    weights = told(glmer(event ~ arm + psychosis + (1 | cluster), long, binomial, control = fine, nAGQ = 7)))
  write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), file.path(folder, sprintf("rows_%s.json", set)))
}
sink(file.path(folder, "rows_session.txt")); print(sessionInfo()); sink()
