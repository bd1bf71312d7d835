# Reference fits of counts with excess zeros and of times to an event.
#
#   Rscript tests/reference/make_events.R tests/reference/data
#
# writes events_<set>.csv (the data) and events_<set>.json (the fits) for every set below, and
# events_session.txt. Times: survival's coxph, cox.zph, survfit, frailty terms. Counts: the
# likelihood and its gradient written out here, maximised by nlminb and by Newton steps on numeric
# derivatives of the gradient, and pscl's zeroinfl for its limits.
suppressMessages({
  library(survival); library(pscl); library(numDeriv); library(jsonlite)
})
folder <- commandArgs(trailingOnly = TRUE)[1]

make <- function(seed, n, workers, days_max = 365, alpha = 1.2, zero = 0.5, frailty = 0.3,
                 rate = 0.002, round_to = 1, both = FALSE, effect = -0.3, mean_days = 15) {
  set.seed(seed)
  arm <- rep(0:1, length.out = n)
  worker <- sample(workers, n, replace = TRUE, prob = rgamma(workers, 2))
  cluster <- if (both) sprintf("P%03d", ifelse(arm == 1, worker, workers + worker)) else
    ifelse(arm == 1, sprintf("P%03d", worker), sprintf("C%03d", seq_len(n)))
  g <- rgamma(2 * workers + n, 1 / max(frailty, 1e-9), 1 / max(frailty, 1e-9))
  own <- g[as.integer(factor(cluster))]
  if (frailty == 0) own <- rep(1, n)
  psychosis <- rbinom(n, 1, 0.4)
  age <- round(rnorm(n, 40, 12))
  centre <- sample(c("A", "B", "C"), n, replace = TRUE)
  mu <- mean_days * exp(effect * arm + 0.2 * psychosis) * own
  # without alpha less spread than Poisson's, so that alpha ends at its bound
  days <- if (alpha > 0) rnbinom(n, size = 1 / alpha, mu = mu) else rbinom(n, 20, mu / 20)
  days[runif(n) < zero * ifelse(arm == 1, 1, 0.8)] <- 0
  hazard <- rate * exp(effect * arm + 0.3 * psychosis + 0.01 * (age - 40)) * own
  time <- rexp(n, hazard)
  if (round_to > 0) time <- ceiling(time / round_to) * round_to
  event <- as.integer(time <= days_max)
  time <- pmin(time, days_max)
  lost <- runif(n) < 0.08 & event == 0
  time[lost] <- if (round_to > 0) ceiling(time[lost] * runif(sum(lost))) else
    time[lost] * runif(sum(lost))
  data.frame(cluster, arm, psychosis, age, centre, days, time, event)[sample(n), ]
}

sets <- list(
  trial     = make(1, 300, 20),
  small     = make(2, 60, 6, frailty = 0.6),
  ties      = make(3, 240, 15, round_to = 30, both = TRUE, frailty = 0.2),
  continuous = make(4, 150, 12, round_to = 0, rate = 0.005, frailty = 0.5),
  large     = make(5, 600, 40, frailty = 1.0),
  poisson   = make(6, 200, 15, alpha = 0, frailty = 0, mean_days = 6)
)

# ---- zero-inflated negative binomial --------------------------------------------------------
zinb <- function(d, inflation) {
  X <- model.matrix(~ arm + psychosis + age, d); Z <- model.matrix(inflation, d); y <- d$days
  p <- ncol(X); k <- ncol(Z)
  rows <- function(v) {
    mu <- exp(drop(X %*% v[1:p])); pi <- plogis(drop(Z %*% v[p + 1:k])); th <- exp(-v[p + k + 1])
    ifelse(y == 0, log(pi + (1 - pi) * dnbinom(0, size = th, mu = mu)),
           log1p(-pi) + dnbinom(y, size = th, mu = mu, log = TRUE))
  }
  scores <- function(v) {
    mu <- exp(drop(X %*% v[1:p])); pi <- plogis(drop(Z %*% v[p + 1:k])); th <- exp(-v[p + k + 1])
    q <- (th / (th + mu))^th; share <- (1 - pi) * q / (pi + (1 - pi) * q)
    by_eta <- ifelse(y == 0, -share * th * mu / (th + mu), (y - mu) * th / (th + mu))
    by_zeta <- ifelse(y == 0, pi * (1 - pi) * (1 - q) / (pi + (1 - pi) * q), -pi)
    by_log_theta <- ifelse(y == 0, share * th * (log(th / (th + mu)) + 1 - th / (th + mu)),
      th * (digamma(y + th) - digamma(th) + log(th) + 1 - log(mu + th) - (y + th) / (mu + th)))
    cbind(X * by_eta, Z * by_zeta, -by_log_theta)
  }
  gradient <- function(v) colSums(scores(v))
  best <- NULL
  for (start in list(c(2, 0), c(-1, 1), c(-4, 0))) {
    v <- c(log(mean(y[y > 0])), rep(0, p - 1), start[1] - 2, rep(0, k - 1), start[2])
    o <- try(nlminb(v, function(v) -sum(rows(v)), function(v) -gradient(v),
                    control = list(rel.tol = 1e-15, iter.max = 1000, eval.max = 2000)), TRUE)
    if (!inherits(o, "try-error") && (is.null(best) || o$objective < best$objective)) best <- o
  }
  v <- best$par
  for (i in 1:4) v <- v - solve(jacobian(gradient, v), gradient(v))
  H <- -jacobian(gradient, v); A <- solve((H + t(H)) / 2); s <- scores(v)
  by_cluster <- rowsum(s, d$cluster); G <- nrow(by_cluster)
  cov <- A %*% crossprod(by_cluster) %*% A
  means <- function(v, arm) {
    X[, "arm"] <- arm; if ("arm" %in% colnames(Z)) Z[, "arm"] <- arm
    mean((1 - plogis(drop(Z %*% v[p + 1:k]))) * exp(drop(X %*% v[1:p])))
  }
  log_ratio <- function(v) log(means(v, 1)) - log(means(v, 0))
  zeros <- function(v) {
    mu <- exp(drop(X %*% v[1:p])); pi <- plogis(drop(Z %*% v[p + 1:k])); th <- exp(-v[p + k + 1])
    sum(pi + (1 - pi) * dnbinom(0, size = th, mu = mu))
  }
  delta <- function(f) { g <- grad(f, v); sqrt(drop(g %*% (cov * G / (G - 1)) %*% g)) }
  list(coef = v, loglik = sum(rows(v)), gradient = max(abs(gradient(v))),
       se_model = sqrt(diag(A)), se_cluster = sqrt(diag(cov)),
       se_cluster_g1 = sqrt(diag(cov) * G / (G - 1)),
       se_row = sqrt(diag(A %*% crossprod(s) %*% A)),
       log_mean_ratio = log_ratio(v), se_log_mean_ratio = delta(log_ratio),
       zeros_expected = zeros(v), se_zeros_expected = delta(zeros))
}

zip <- function(d) {
  m <- zeroinfl(days ~ arm + psychosis + age | 1, d, dist = "poisson", reltol = 1e-16, maxit = 1e4)
  X <- model.matrix(~ arm + psychosis + age, d); y <- d$days
  scores <- function(v) {
    mu <- exp(drop(X %*% v[1:4])); pi <- plogis(v[5]); q <- exp(-mu); P <- pi + (1 - pi) * q
    cbind(X * ifelse(y == 0, -(1 - pi) * q * mu / P, y - mu),
          ifelse(y == 0, pi * (1 - pi) * (1 - q) / P, -pi))
  }
  v <- unname(c(m$coefficients$count, m$coefficients$zero))
  gradient <- function(v) colSums(scores(v))
  for (i in 1:4) v <- v - solve(jacobian(gradient, v), gradient(v))
  A <- solve(-jacobian(gradient, v)); by_cluster <- rowsum(scores(v), d$cluster)
  list(coef = v, loglik = as.numeric(logLik(m)), se_model = sqrt(diag(A)),
       se_cluster = sqrt(diag(A %*% crossprod(by_cluster) %*% A)))
}

# ---- Cox ------------------------------------------------------------------------------------
tight <- coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-15)
formulas <- list(plain = Surv(time, event) ~ arm + psychosis + age + centre,
                 strata = Surv(time, event) ~ arm + psychosis + age + strata(centre))
cox <- function(d) {
  out <- list()
  for (ties in c("breslow", "efron")) for (kind in names(formulas)) {
    m <- coxph(formulas[[kind]], d, ties = ties, cluster = cluster, control = tight)
    plain <- coxph(formulas[[kind]], d, ties = ties, control = tight)
    zph <- lapply(c(km = "km", identity = "identity", log = "log"), function(tr) {
      z <- cox.zph(plain, transform = tr); w <- cox.zph(plain, transform = tr, terms = FALSE)
      first <- seq_len(min(25, length(w$x)))              # enough to tell
      list(chisq = unname(z$table[, 1]), df = unname(z$table[, 2]), p = unname(z$table[, 3]),
           x = w$x[first], time = w$time[first], scaled = unname(w$y)[first, ])
    })
    out[[paste(ties, kind, sep = "_")]] <- list(
      coef = unname(coef(m)), se_model = sqrt(diag(m$naive.var)), se_cluster = sqrt(diag(m$var)),
      loglik = m$loglik[2], zph = zph)
  }
  out
}

frailties <- function(d) {
  f <- Surv(time, event) ~ arm + psychosis + age
  fit <- function(distribution, ...) {
    term <- paste0("frailty(cluster, distribution = '", distribution, "', sparse = FALSE, ",
                   "eps = 1e-11", ..., ")")
    m <- suppressWarnings(coxph(update(f, paste(". ~ . +", term)), d, ties = "breslow",
      control = coxph.control(eps = 1e-12, iter.max = 200, outer.max = 200)))
    list(coef = unname(m$coefficients[1:3]), se = sqrt(diag(m$var)[1:3]),
         theta = m$history[[1]]$theta, integrated = m$history[[1]]$c.loglik)
  }
  out <- list(gamma = fit("gamma"), gaussian_reml = fit("gaussian"))
  if (length(unique(d$cluster)) < 200) out <- c(out, laplace(d, f))  # minutes beyond that
  out
}

# Laplace's approximation with every matrix written out, maximised over the variance.
laplace <- function(d, f) {
  X <- model.matrix(update(f, NULL ~ .), d)[, -1]; X <- sweep(X, 2, colMeans(X))
  Z <- model.matrix(~ 0 + factor(cluster), d); W <- cbind(X, Z)
  p <- ncol(X); q <- ncol(Z)
  times <- sort(unique(d$time[d$event == 1]))
  evaluate <- function(v) {
    eta <- drop(W %*% v); w <- exp(eta); ll <- 0; g <- 0; H <- 0
    for (t in times) {
      at <- d$time >= t; dead <- d$time == t & d$event == 1; m <- sum(dead); S <- sum(w[at])
      mean <- colSums(W[at, , drop = FALSE] * w[at]) / S
      ll <- ll + sum(eta[dead]) - m * log(S)
      g <- g + colSums(W[dead, , drop = FALSE]) - m * mean
      H <- H + m * (crossprod(W[at, , drop = FALSE] * sqrt(w[at])) / S - tcrossprod(mean))
    }
    list(ll = ll, g = g, H = H)
  }
  v <- rep(0, p + q)
  profile <- function(log_theta) {
    theta <- exp(log_theta)
    for (i in 1:50) {
      e <- evaluate(v); b <- v[-(1:p)]
      P <- diag(c(rep(0, p), rep(1 / theta, q)))
      step <- solve(e$H + P, e$g - c(rep(0, p), b / theta))
      v <<- v + step
      if (max(abs(step)) < 1e-11) break
    }
    e <- evaluate(v); b <- v[-(1:p)]; H <- e$H + P
    e$ll - sum(b^2) / (2 * theta) - q / 2 * log_theta -
      as.numeric(determinant(H[-(1:p), -(1:p)])$modulus) / 2
  }
  o <- optimize(profile, log(c(1e-4, 10)), maximum = TRUE, tol = 1e-9)
  value <- profile(o$maximum)
  list(laplace_ml = list(theta = exp(o$maximum), loglik = value, coef = unname(v[1:p])))
}

# ---- Kaplan-Meier and the restricted mean ------------------------------------------------------
curves <- function(d) {
  out <- list()
  for (arm in 0:1) {
    rows <<- d[d$arm == arm, ]  # survival looks for it again by its name
    for (type in c("log-log", "log", "plain")) {
      s <- survfit(Surv(time, event) ~ 1, rows, conf.type = type, timefix = FALSE)
      q <- quantile(s, c(0.1, 0.25, 0.5))
      out[[paste(arm, type)]] <- list(
        time = s$time, at_risk = s$n.risk, events = s$n.event, censored = s$n.censor,
        survival = s$surv, std_error = s$surv * s$std.err, low = s$lower, high = s$upper,
        quantile = unname(q$quantile), quantile_low = unname(q$lower),
        quantile_high = unname(q$upper))
    }
    limit <- 300
    s <- survfit(Surv(time, event) ~ 1, rows, timefix = FALSE)
    mean <- summary(s, rmean = limit)$table[c("rmean", "se(rmean)")]
    own <- residuals(s, times = limit, type = "rmst")
    out[[paste(arm, "rmst")]] <- list(limit = limit, mean = unname(mean[1]), se = unname(mean[2]),
      se_cluster = sqrt(sum(tapply(own, rows$cluster, sum)^2)))
  }
  out
}

for (name in names(sets)) {
  path <- file.path(folder, paste0("events_", name))
  write.csv(format(sets[[name]], digits = 15, trim = TRUE), paste0(path, ".csv"),
            row.names = FALSE, quote = FALSE)
  d <- read.csv(paste0(path, ".csv"))
  fits <- list(cox = cox(d), curves = curves(d))
  if (name == "poisson") fits$zip <- zip(d) else
    fits <- c(fits, list(zinb_1 = zinb(d, ~ 1), zinb_arm = zinb(d, ~ arm), frailty = frailties(d)))
  writeLines(toJSON(fits, digits = I(16), auto_unbox = TRUE, na = "null"), paste0(path, ".json"))
  cat(name, "\n")
}
session <- capture.output(sessionInfo())
writeLines(session[!grepl("BLAS|LAPACK|^Matrix", session)], file.path(folder, "events_session.txt"))
