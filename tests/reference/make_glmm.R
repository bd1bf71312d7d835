# Reference fits of the mixed logistic and Poisson models, all coefficients of each.
#
#   Rscript tests/reference/make_glmm.R tests/reference/data
#
# writes glmm_<set>.csv (the data) and glmm_<set>.json (the fits) for every set below, and
# glmm_session.txt. Two sources for each fit: `glmer` of lme4 with 7 nodes, and the adaptive
# Gauss-Hermite approximation written out here, maximised with nlminb from three starts and polished
# with Newton steps on numeric derivatives; its covariance is the inverse of the numeric Hessian over
# all parameters, the standard deviation included. The second is the better reference: glmer's own
# optimiser stops at 1e-7 to 1e-4. Besides: Poisson regression of the binary outcome with the
# clustered sandwich, and risks standardised to the sample, integrated with `integrate`.
suppressMessages({
  library(lme4); library(numDeriv); library(sandwich); library(jsonlite)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
right <- ~ arm + psychosis + age

make <- function(seed, n, workers, sd, intercept = -0.5, both = FALSE, size = NULL) {
  set.seed(seed)
  arm <- rep(0:1, length.out = n)
  worker <- sample(workers, n, replace = TRUE, prob = rgamma(workers, 1.5))
  if (!is.null(size)) worker <- rep(seq_len(ceiling(n / 2 / size)), each = 2 * size)[seq_len(n)]
  if (both) worker <- worker + ifelse(arm == 1, 0, 1000)
  single <- arm == 0 & !both
  cluster <- ifelse(single, sprintf("C%03d", seq_len(n)), sprintf("P%04d", worker))
  u <- setNames(rnorm(length(unique(cluster)), 0, sd), unique(cluster))[cluster]
  psychosis <- rbinom(n, 1, 0.4)
  age <- round(rnorm(n, 0, 1), 2)
  eta <- intercept - 0.5 * arm + 0.4 * psychosis + 0.2 * age + ifelse(single, 0, u)
  event <- rbinom(n, 1, plogis(eta))
  count <- rpois(n, exp(0.8 + eta / 2))
  data.frame(cluster, arm, psychosis, age, event, count)[sample(n), ]
}

sets <- list(
  trial    = make(11, 300, 20, 0.6),
  few      = make(12, 120, 6, 1.0),
  both     = make(13, 240, 12, 0.5, both = TRUE),
  strong   = make(14, 200, 15, 2.5),
  rare     = make(15, 400, 25, 0.8, intercept = -3),
  nothing  = make(16, 240, 16, 0.0),
  pairs    = make(17, 240, 20, 1.5, size = 2)
)

# nodes and weights for the standard normal density, by Golub and Welsch
rule <- function(K) {
  if (K == 1) return(list(x = 0, w = 1))
  off <- sqrt(seq_len(K - 1))
  J <- matrix(0, K, K); J[cbind(1:(K - 1), 2:K)] <- off; J <- J + t(J)
  e <- eigen(J, symmetric = TRUE)
  list(x = e$values, w = e$vectors[1, ]^2)
}

families <- list(
  logistic = list(log = function(y, eta) y * eta - ifelse(eta > 0, eta + log1p(exp(-eta)),
                                                          log1p(exp(eta))),
                  mean = plogis, var = function(mu) mu * (1 - mu)),
  poisson  = list(log = function(y, eta) y * eta - exp(eta) - lfactorial(y),
                  mean = exp, var = function(mu) mu)
)

# minus the log-likelihood at (beta, sd); z is 1 where the random effect enters
minus_loglik <- function(theta, y, X, z, g, family, q) {
  p <- ncol(X); sd <- theta[p + 1]
  fixed <- drop(X %*% theta[1:p])
  G <- max(g); b <- numeric(G)
  height <- function(b) drop(rowsum(family$log(y, fixed + z * sd * b[g]), g)) - b^2 / 2
  here <- height(b)
  for (i in 1:200) {
    mu <- family$mean(fixed + z * sd * b[g])
    slope <- sd * drop(rowsum(z * (y - mu), g)) - b
    curve <- 1 + sd^2 * drop(rowsum(z * family$var(mu), g))
    step <- pmax(pmin(slope / curve, 2), -2)
    for (half in 1:60) {  # where the likelihood is far from a parabola, a full step overshoots
      there <- height(b + step)
      down <- there < here - 1e-12 * abs(here)
      if (!any(down)) break
      step[down] <- step[down] / 2
    }
    b <- b + step
    here <- there
    if (max(abs(step)) < 1e-13) break
  }
  mu <- family$mean(fixed + z * sd * b[g])
  tau <- 1 / sqrt(1 + sd^2 * drop(rowsum(z * family$var(mu), g)))
  h <- sapply(seq_along(q$x), function(k) {
    at <- b + tau * q$x[k]
    drop(rowsum(family$log(y, fixed + z * sd * at[g]), g)) - at^2 / 2 + q$x[k]^2 / 2 + log(q$w[k])
  })
  h <- matrix(h, nrow = G)
  top <- apply(h, 1, max)
  -sum(top + log(rowSums(exp(h - top))) + log(tau))
}

direct <- function(d, outcome, kind, K, partial) {
  X <- model.matrix(right, d); y <- d[[outcome]]; p <- ncol(X)
  g <- as.integer(factor(d$cluster)); z <- if (partial) d$arm else rep(1, nrow(d))
  family <- families[[kind]]
  q <- rule(K)
  f <- function(t) minus_loglik(t, y, X, z, g, family, q)
  base <- glm(reformulate(attr(terms(right), "term.labels"), outcome), data = d,
              family = if (kind == "logistic") binomial else poisson, epsilon = 1e-14)
  runs <- lapply(c(0.2, 0.8, 1.8), function(s)
    nlminb(c(coef(base), s), f, lower = c(rep(-Inf, p), 0),
           control = list(rel.tol = 1e-14, x.tol = 1e-12, iter.max = 1000, eval.max = 5000)))
  best <- runs[[which.min(sapply(runs, `[[`, "objective"))]]
  null <- as.numeric(logLik(base))
  if (best$par[p + 1] < 1e-3 || -best$objective < null)
    return(list(boundary = TRUE, coef = as.list(coef(base)), loglik = null, sd = 0,
                se = as.list(sqrt(diag(vcov(base))))))
  at <- best$par
  H <- hessian(f, at)
  for (i in 1:2) at <- at - solve(H, grad(f, at, method.args = list(r = 6)))
  slope <- grad(f, at, method.args = list(r = 6))
  V <- solve(hessian(f, at, method.args = list(r = 5)))
  names(at) <- c(colnames(X), "sd")
  list(boundary = FALSE, coef = as.list(at[1:p]), se = as.list(setNames(sqrt(diag(V))[1:p],
       colnames(X))), sd = unname(at[p + 1]), sd_se = sqrt(V[p + 1, p + 1]), loglik = -f(at),
       null = null, largest_slope = max(abs(slope)))
}

by_glmer <- function(d, outcome, kind, partial) {
  bar <- if (partial) "(0 + arm | cluster)" else "(1 | cluster)"
  formula <- reformulate(c(attr(terms(right), "term.labels"), bar), outcome)
  m <- suppressWarnings(suppressMessages(glmer(formula, d,
    family = if (kind == "logistic") binomial else poisson, nAGQ = 7,
    control = glmerControl("bobyqa", optCtrl = list(rhobeg = 2e-2, rhoend = 1e-9, maxfun = 1e6),
                           tolPwrss = 1e-11))))
  list(coef = as.list(fixef(m)), sd = unname(getME(m, "theta")), loglik = as.numeric(logLik(m)),
       se = as.list(sqrt(diag(as.matrix(vcov(m, use.hessian = TRUE))))))
}

modified <- function(d) {
  m <- glm(reformulate(attr(terms(right), "term.labels"), "event"), data = d, family = poisson,
           epsilon = 1e-14)
  G <- length(unique(d$cluster))
  V <- vcovCL(m, d$cluster, type = "HC0", cadjust = FALSE)
  list(coef = as.list(coef(m)), se_G1 = as.list(sqrt(diag(V) * G / (G - 1))),
       se = as.list(sqrt(diag(V))))
}

# average risks in both arms, with the random effect integrated out
standardised <- function(d, partial) {
  X <- model.matrix(right, d); p <- ncol(X); y <- d$event
  g <- as.integer(factor(d$cluster)); z <- if (partial) d$arm else rep(1, nrow(d))
  fit <- direct(d, "event", "logistic", 7, partial)
  if (fit$boundary) return(NULL)
  theta <- c(unlist(fit$coef), fit$sd)
  f <- function(t) minus_loglik(t, y, X, z, g, families$logistic, rule(7))
  V <- solve(hessian(f, theta, method.args = list(r = 5)))
  own <- function(t) sapply(0:1, function(a) {
    Xa <- X; Xa[, "arm"] <- a
    eta <- drop(Xa %*% t[1:p])
    s <- if (partial && a == 0) 0 else t[p + 1]
    if (s == 0) return(plogis(eta))
    sapply(eta, function(e) integrate(function(b) plogis(e + s * b) * dnorm(b), -12, 12,
                                      rel.tol = 1e-12, subdivisions = 500)$value)
  })
  risks <- own(theta); mean <- colMeans(risks)
  J <- jacobian(function(t) colMeans(own(t)), theta)
  sums <- rowsum(sweep(risks, 2, mean), g)
  G <- nrow(sums); n <- nrow(d)
  total <- J %*% V %*% t(J) + crossprod(sums) / n^2 * G / (G - 1)
  c1 <- c(-1, 1); c2 <- c(-1 / mean[1], 1 / mean[2])
  list(risk = mean, difference = mean[2] - mean[1], difference_se = sqrt(drop(c1 %*% total %*% c1)),
       log_ratio = log(mean[2] / mean[1]), log_ratio_se = sqrt(drop(c2 %*% total %*% c2)))
}

for (name in names(sets)) {
  d <- sets[[name]]
  write.csv(d, file.path(folder, sprintf("glmm_%s.csv", name)), row.names = FALSE, quote = FALSE)
  fits <- list()
  for (kind in c("logistic", "poisson")) {
    outcome <- if (kind == "logistic") "event" else "count"
    for (partial in c(FALSE, TRUE)) {
      where <- if (partial) "arm" else "1"
      for (K in if (name == "trial") c(1, 2, 7, 8, 25, 51) else c(1, 7, 25))
        fits[[kind]][[where]][[sprintf("q%d", K)]] <- direct(d, outcome, kind, K, partial)
      fits[[kind]][[where]][["glmer_q7"]] <- by_glmer(d, outcome, kind, partial)
    }
  }
  fits$modified_poisson <- modified(d)
  fits$standardised <- list(`1` = standardised(d, FALSE), arm = standardised(d, TRUE))
  write_json(fits, file.path(folder, sprintf("glmm_%s.json", name)), auto_unbox = TRUE,
             digits = I(15), pretty = TRUE, null = "null")
  cat(name, "done\n")
}
writeLines(capture.output(sessionInfo()), file.path(folder, "glmm_session.txt"))
