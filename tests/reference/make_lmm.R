# Reference fits of the linear mixed model, all coefficients of each.
#
#   Rscript tests/reference/make_lmm.R tests/reference/data
#
# writes lmm_<set>.csv (the data, 15 digits) and lmm_<set>.json (the fits) for every set below, and
# lmm_session.txt. lme4 and lmerTest for one residual variance (Satterthwaite, and Kenward-Roger by
# pbkrtest); nlme for residual variances by arm; for these also the likelihood written out densely
# and maximised with nlminb and Newton steps on numeric derivatives, with Satterthwaite's degrees of
# freedom from the same derivatives.
suppressMessages({
  library(lme4); library(lmerTest); library(pbkrtest); library(nlme); library(numDeriv)
  library(jsonlite)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
formula <- score ~ arm + psychosis + baseline

make <- function(seed, n, workers, icc, sd_control = 1, offset = 0, both = FALSE, crossed = FALSE) {
  set.seed(seed)
  arm <- rep(0:1, length.out = n)
  skewed <- rgamma(workers, 1.5)                        # unequal caseloads
  worker <- sample(workers, n, replace = TRUE, prob = skewed)
  if (both) worker <- ifelse(arm == 1, worker, workers + sample(workers, n, TRUE, skewed))
  single <- arm == 0 & !both & !crossed
  cluster <- ifelse(single, sprintf("C%03d", seq_len(n)), sprintf("P%03d", worker))
  u <- rnorm(2 * workers, 0, sqrt(icc))
  psychosis <- rbinom(n, 1, 0.4)
  baseline <- round(rnorm(n, 20, 5))
  sd <- ifelse(arm == 1, sqrt(1 - icc), sd_control)
  e <- rnorm(n) * sd + ifelse(single, 0, u[worker])
  score <- offset + 25 + 1.5 * arm - psychosis + 0.4 * baseline + 5 * e
  d <- data.frame(cluster, arm, psychosis, baseline, score = signif(score, 12))
  d[sample(n), ]
}

sets <- list(
  trial      = make(1, 300, 20, 0.08),
  few        = make(2, 90, 6, 0.15),
  negative   = make(3, 200, 12, 0.00),
  high       = make(4, 150, 15, 0.60),
  unequal    = make(5, 260, 16, 0.10, sd_control = 1.8),
  both_arms  = make(6, 240, 14, 0.05, both = TRUE),
  crossed    = make(7, 180, 18, 0.20, sd_control = 1.5, crossed = TRUE),
  offset     = make(8, 120, 10, 0.10, offset = 1e4)
)

dense <- function(d, method, partial) {
  X <- model.matrix(formula, d); y <- d$score; n <- length(y); p <- ncol(X)
  same <- outer(d$cluster, d$cluster, "==") * 1
  if (partial) same <- same * outer(d$arm, d$arm)
  fit <- function(v) {
    V <- v[1] * same + diag(ifelse(d$arm == 1, v[3], v[2]))
    U <- chol(V); A <- backsolve(U, cbind(X, y), transpose = TRUE)
    qx <- qr(A[, 1:p]); beta <- qr.coef(qx, A[, p + 1]); r <- qr.resid(qx, A[, p + 1])
    reml <- method == "reml"
    ll <- -0.5 * ((n - reml * p) * log(2 * pi) + 2 * sum(log(diag(U))) + sum(r^2) +
      reml * 2 * sum(log(abs(diag(qr.R(qx))))))
    list(loglik = ll, beta = beta, cov = chol2inv(qr.R(qx)))
  }
  minus <- function(v) if (any(v < c(0, 1e-8, 1e-8))) 1e10 else -fit(v)$loglik
  start <- var(y)
  best <- NULL
  for (share in c(0.02, 0.2, 0.6)) {
    o <- nlminb(start * c(share, 1 - share, 1 - share), minus, lower = c(0, 1e-6, 1e-6),
                control = list(rel.tol = 1e-14, x.tol = 1e-12, iter.max = 1000, eval.max = 5000))
    if (is.null(best) || o$objective < best$objective) best <- o
  }
  v <- best$par; inside <- v[1] > 1e-6 * start
  if (inside) for (i in 1:3) v <- v - solve(hessian(minus, v), grad(minus, v))
  f <- fit(v)
  df <- rep(NA, p)
  if (inside) {
    A <- solve(hessian(minus, v))
    J <- jacobian(function(w) diag(fit(w)$cov), v)
    df <- 2 * diag(f$cov)^2 / rowSums((J %*% A) * J)
  }
  list(coef = f$beta, se = sqrt(diag(f$cov)), var_cluster = if (inside) v[1] else 0,
       var_residual0 = v[2], var_residual1 = v[3], loglik = f$loglik, satt_df = df)
}

one <- function(d, method, partial) {
  f <- if (partial) update(formula, . ~ . + (0 + arm | cluster)) else
    update(formula, . ~ . + (1 | cluster))
  control <- function(o, tol) lmerControl(o, optCtrl = tol, check.conv.singular = "ignore",
                                         calc.derivs = TRUE)
  m <- suppressWarnings(lmerTest::lmer(f, d, REML = method == "reml",
    control = control("bobyqa", list(rhobeg = 0.02, rhoend = 1e-12, maxfun = 1e6))))
  v <- as.data.frame(VarCorr(m))$vcov
  out <- list(coef = fixef(m), se = sqrt(diag(as.matrix(vcov(m)))), var_cluster = v[1],
              var_residual = v[2], loglik = as.numeric(logLik(m)), singular = isSingular(m),
              satt_df = coef(summary(m, ddf = "Satterthwaite"))[, "df"],
              blup = ranef(m)$cluster[, 1],
              blup_cluster = rownames(ranef(m)$cluster))
  out$null_loglik <- as.numeric(logLik(lm(formula, d), REML = method == "reml"))
  if (method == "reml") {
    kr <- suppressWarnings(coef(summary(m, ddf = "Kenward-Roger")))
    out$kr_df <- kr[, "df"]; out$kr_se <- kr[, "Std. Error"]
  }
  out
}

two <- function(d, method, partial) {
  random <- if (partial) ~ 0 + arm | cluster else ~ 1 | cluster
  m <- tryCatch(lme(formula, d, random = random, weights = varIdent(form = ~ 1 | arm),
                    method = toupper(method),
                    control = lmeControl(maxIter = 500, msMaxIter = 1000, msTol = 1e-12,
                                         tolerance = 1e-12, opt = "nlminb")),
                error = function(e) NULL)
  out <- dense(d, method, partial)
  if (!is.null(m)) out$nlme <- list(coef = fixef(m), se = sqrt(diag(m$varFix)),
                                    loglik = as.numeric(logLik(m)))
  out
}

for (name in names(sets)) {
  d <- sets[[name]]
  path <- file.path(folder, paste0("lmm_", name))
  write.csv(format(d, digits = 15, trim = TRUE), paste0(path, ".csv"), row.names = FALSE, quote = FALSE)
  d <- read.csv(paste0(path, ".csv"))
  fits <- list()
  for (method in c("reml", "ml")) for (partial in c(FALSE, TRUE)) {
    tag <- paste(method, if (partial) "partial" else "all", sep = "_")
    fits[[paste0("one_", tag)]] <- one(d, method, partial)
    fits[[paste0("two_", tag)]] <- two(d, method, partial)
  }
  writeLines(toJSON(fits, digits = I(16), auto_unbox = TRUE, na = "null", pretty = TRUE),
             paste0(path, ".json"))
  cat(name, "\n")
}
session <- capture.output(sessionInfo())
writeLines(session[!grepl("BLAS|LAPACK|^Matrix", session)], file.path(folder, "lmm_session.txt"))
