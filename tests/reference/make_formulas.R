# Formulas as R reads them: linear predictors and their errors for formulas without margins, with
# chosen contrasts, nesting, polynomials and splines.
#
#   Rscript tests/reference/make_formulas.R tests/reference/data
#
# writes formulas.csv (the data), formulas.json (for each model and formula: R's formula, the
# log-likelihood, the linear predictor of every fourth row and its standard error, none of which depends on
# how R names or chooses columns) and formulas_session.txt.
suppressMessages({
  library(lme4); library(survival); library(splines); library(jsonlite)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(20)
n <- 120
d <- data.frame(
  g = sample(c("a", "b", "c"), n, TRUE), t = sample(c("no", "yes"), n, TRUE),
  x = round(runif(n, 1, 9), 2), z = round(rnorm(n), 2), c = rep(1:24, each = 5)
)
u <- rnorm(24)[d$c]
eta <- (d$g == "b") * 0.8 - (d$t == "yes") * 0.5 * (d$g == "c") + 0.2 * d$x + 0.3 * d$z
d$y <- round(eta + u + rnorm(n), 3)
d$e <- rbinom(n, 1, plogis(eta - 1.5 + u))
d$time <- ceiling(100 * rexp(n) * exp(-0.4 * eta))
d$event <- rbinom(n, 1, 0.7)
write.csv(d, file.path(folder, "formulas.csv"), row.names = FALSE)
d <- read.csv(file.path(folder, "formulas.csv"), stringsAsFactors = TRUE)

# ours -> R's, where they differ
asked <- c(
  "g" = "g", "0 + g" = "0 + g", "g - 1" = "g - 1", "0 + g + t" = "0 + g + t", "g:t" = "g:t",
  "g + g:t" = "g + g:t", "t + g:t" = "t + g:t", "g:x" = "g:x", "x + g:x" = "x + g:x",
  "0 + g:x" = "0 + g:x", "g*t" = "g*t", "g*t*x" = "g*t*x", "g/x" = "g/x", "g/t" = "g/t",
  "(g + t + x)**2" = "(g + t + x)^2", "0 + g:t + x" = "0 + g:t + x", "g*t - t" = "g*t - t",
  "C(g, contr.treatment('b'))*x" = "relevel(g, 'b')*x",
  "C(g, contr.sum) + x" = "C(g, contr.sum) + x",
  "np.log(x) + I(z**2)" = "log(x) + I(z^2)", "poly(x, 3) + t" = "poly(x, 3) + t",
  "bs(x, df=5)*t" = "bs(x, df = 5)*t", "scale(x):g" = "scale(x):g", "x:z" = "x:z"
)

numbers <- function(X, b, V) {
  X <- X[seq(1, n, 4), , drop = FALSE]
  list(eta = as.vector(X %*% b), se = as.vector(sqrt(rowSums((X %*% V) * X))))
}

linear <- function(right) {
  f <- suppressMessages(lmer(as.formula(paste("y ~", right, "+ (1 | c)")), d, REML = FALSE,
    control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9))))
  c(list(loglik = as.numeric(logLik(f))), numbers(getME(f, "X"), fixef(f), as.matrix(vcov(f))))
}
logistic <- function(right) {
  f <- suppressMessages(suppressWarnings(glmer(as.formula(paste("e ~", right, "+ (1 | c)")), d,
    binomial, nAGQ = 7, control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9)))))
  c(list(loglik = as.numeric(logLik(f))), numbers(getME(f, "X"), fixef(f), as.matrix(vcov(f))))
}
hazards <- function(right) {
  f <- coxph(as.formula(paste("Surv(time, event) ~", right)), d, ties = "breslow",
    control = coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 50))
  kept <- !is.na(coef(f))
  X <- model.matrix(f)[, kept, drop = FALSE]
  X <- sweep(X, 2, colMeans(X))
  c(list(loglik = f$loglik[2]), numbers(X, coef(f)[kept], vcov(f)[kept, kept, drop = FALSE]))
}

answer <- function(model, formulas) lapply(formulas, function(f) c(list(r = f), model(f)))
few <- c("0 + g", "g:t", "g + g:t", "g:x", "C(g, contr.treatment('b'))*x")
cox <- c("g", "g:t", "g + g:t", "g:x", "g*t", "x:z", "poly(x, 3) + t", "bs(x, df=5)*t")
answers <- list(
  mixed_linear = answer(linear, asked), mixed_logistic = answer(logistic, asked[few]),
  cox = answer(hazards, asked[cox])
)
write(toJSON(answers, digits = 15, auto_unbox = TRUE), file.path(folder, "formulas.json"))
writeLines(capture.output(sessionInfo()), file.path(folder, "formulas_session.txt"))
