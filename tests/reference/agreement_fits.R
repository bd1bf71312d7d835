# How R's answers are made; see make_agreement.R.
named <- function(b, V, ..., df = NULL, loglik = NULL, variance = NULL) {
  out <- list(terms = as.list(names(b)), coef = unname(b), se = unname(sqrt(diag(as.matrix(V)))))
  if (!is.null(df)) out$df <- unname(df)
  if (!is.null(loglik)) out$loglik <- as.numeric(loglik)
  if (!is.null(variance)) out$variance <- as.list(variance)
  out[c("coef", "se", "df")] <- lapply(out[c("coef", "se", "df")], function(x) if (is.null(x)) NULL else I(x))
  Filter(Negate(is.null), c(out, list(...)))
}
# Newton steps on numeric derivatives from wherever nlminb stopped; `minus` is minus a log-likelihood.
polish <- function(minus, start) {
  v <- nlminb(start, minus, control = list(rel.tol = 1e-14, x.tol = 1e-12, iter.max = 500, eval.max = 5000))$par
  for (i in 1:4) {
    H <- hessian(minus, v); step <- solve(H, grad(minus, v)); v <- v - step
    if (sqrt(abs(sum(step * (H %*% step)))) < 1e-10) break
  }
  list(par = v, cov = solve(hessian(minus, v)), value = -minus(v))
}
# Coordinates of the design in which numeric derivatives are exact to many digits.
orthonormal <- function(X) {
  q <- qr(X); R <- qr.R(q)[, order(q$pivot), drop = FALSE] / sqrt(nrow(X))
  list(Q = qr.Q(q) * sqrt(nrow(X)), back = solve(R), log_det = 2 * sum(log(abs(diag(qr.R(q)) / sqrt(nrow(X))))))
}
outcome <- function(f, d) model.response(model.frame(f, d))

# --- linear model with a random intercept: V = diag(s2) + tau zz' by cluster ------------------------
lmm <- function(cluster, reml = TRUE, df = "normal", inside = NULL, by = NULL) function(d, f) {
  X <- model.matrix(f, d); y <- as.numeric(outcome(f, d)); n <- length(y); p <- ncol(X)
  basis <- orthonormal(X)
  z <- if (is.null(inside)) rep(1, n) else as.numeric(inside(d)); g <- as.character(d[[cluster]])
  k <- if (is.null(by)) rep(1, n) else as.integer(factor(d[[by]])); A <- cbind(basis$Q, qr.resid(qr(X), y))
  parts <- function(v) {
    tau <- exp(v[1]); s2 <- exp(v[-1])[k]; w <- 1 / s2
    ZA <- rowsum(w * z * A, g); zz <- drop(rowsum(w * z^2, g)); c <- tau / (1 + tau * zz)
    M <- crossprod(A, w * A) - crossprod(ZA, c * ZA)
    C <- solve(M[1:p, 1:p]); b <- C %*% M[1:p, p + 1]
    ld <- sum(log(s2)) + sum(log1p(tau * zz)); rss <- M[p + 1, p + 1] - sum(b * M[1:p, p + 1])
    list(ll = -0.5 * ((n - reml * p) * log(2 * pi) + ld + rss + reml * (basis$log_det - determinant(C)$modulus[1])),
         b = qr.coef(qr(X), y) + basis$back %*% b, C = basis$back %*% C %*% t(basis$back))
  }
  s <- log(mean(lm.fit(X, y)$residuals^2))
  q <- max(k)
  minus <- function(v) -parts(v)$ll
  best <- NULL
  for (start in c(0, -3)) {
    o <- nlminb(c(s + start, rep(s, q)), minus, control = list(rel.tol = 1e-14, iter.max = 500))
    if (is.null(best) || o$objective < best$objective) best <- o
  }
  if (exp(best$par[1] - max(best$par[-1])) < 1e-7) {              # the variance is at zero
    o <- polish(function(v) minus(c(-Inf, v)), best$par[-1]); v <- c(-Inf, o$par)
  } else { o <- polish(minus, best$par); v <- o$par }
  a <- parts(v); C <- a$C; se2 <- diag(C); freedom <- NULL
  if (df == "satterthwaite" && is.finite(v[1])) {
    J <- jacobian(function(v) diag(parts(v)$C), v)
    freedom <- 2 * se2^2 / rowSums((J %*% o$cov) * J)
  }
  if (df == "kenward_roger") {
    d$.g <- g; d$.z <- z
    m <- suppressMessages(lmerTest::lmer(update(f, if (is.null(inside)) . ~ . + (1 | .g) else . ~ . + (0 + .z | .g)), d,
      control = lmerControl("bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-13, maxfun = 1e6), check.conv.singular = "ignore")))
    kr <- coef(summary(m, ddf = "Kenward-Roger")); freedom <- kr[, "df"]
    C <- diag(kr[, "Std. Error"]^2, p)
  }
  suffix <- if (is.null(by)) "residual" else paste0("residual[", levels(factor(d[[by]])), "]")
  b <- drop(a$b); names(b) <- colnames(X)
  named(b, C, df = freedom, loglik = a$ll, variance = setNames(exp(v), c("cluster", suffix)))
}

# --- logistic and Poisson models with a random intercept, 25 nodes ---------------------------------
glmm <- function(cluster, family, trials = NULL, offset = NULL, inside = NULL, often = NULL) function(d, f) {
  if (!is.null(often)) d <- d[rep(seq_len(nrow(d)), d[[often]]), ]
  X <- model.matrix(f, d); y <- as.numeric(outcome(f, d)); n <- length(y); p <- ncol(X)
  m <- if (is.null(trials)) rep(1, n) else d[[trials]]
  off <- if (is.null(offset)) rep(0, n) else offset(d)
  z <- if (is.null(inside)) rep(1, n) else as.numeric(inside(d)); g <- as.integer(factor(d[[cluster]]))
  logistic <- family == "binomial"; rule <- gauss.quad(25, "hermite")
  ll <- if (logistic) function(e) y * e - m * (pmax(e, 0) + log1p(exp(-abs(e)))) else function(e) y * e - exp(e) - lgamma(y + 1)
  mean <- if (logistic) function(e) m * plogis(e) else exp
  bend <- if (logistic) function(e) m * plogis(e) * plogis(-e) else exp
  basis <- orthonormal(X)
  value <- function(v) {
    e <- drop(basis$Q %*% v[1:p]) + off; s <- exp(v[p + 1]) * z; u <- numeric(max(g))
    for (i in 1:100) {
      now <- e + s * u[g]; info <- drop(rowsum(s^2 * bend(now), g)) + 1
      step <- (drop(rowsum(s * (y - mean(now)), g)) - u) / info
      u <- u + pmin(pmax(step, -1), 1)
      if (max(abs(step)) < 1e-13) break
    }
    info <- drop(rowsum(s^2 * bend(e + s * u[g]), g)) + 1; wide <- sqrt(2 / info)
    terms <- sapply(seq_along(rule$nodes), function(k) {
      at <- u + wide * rule$nodes[k]
      log(rule$weights[k]) + rule$nodes[k]^2 + drop(rowsum(ll(e + s * at[g]), g)) + dnorm(at, log = TRUE) + log(wide)
    })
    top <- apply(terms, 1, max)
    sum(top + log(rowSums(exp(terms - top))))
  }
  glm0 <- suppressWarnings(if (logistic) glm.fit(basis$Q, y / m, weights = m, offset = off, family = binomial()) else
    glm.fit(basis$Q, y, offset = off, family = poisson()))
  o <- polish(function(v) -value(v), c(glm0$coefficients, log(0.7)))
  b <- drop(basis$back %*% o$par[1:p]); names(b) <- colnames(X)
  named(b, basis$back %*% o$cov[1:p, 1:p] %*% t(basis$back), loglik = o$value, variance = c(cluster = exp(2 * o$par[p + 1])))
}

# --- regressions of independent or clustered rows ---------------------------------------------------
tight <- list(epsilon = 1e-15, maxit = 100)
regression <- function(family, cluster = NULL, errors = "model", offset = NULL, often = NULL, sampled = NULL, trials = NULL) function(d, f) {
  if (!is.null(often)) d <- d[rep(seq_len(nrow(d)), d[[often]]), ]
  if (!is.null(trials)) {                             # one row for each trial
    event <- d[[all.vars(f)[1]]]; rows <- rep(seq_len(nrow(d)), d[[trials]])
    first <- sequence(d[[trials]]) <= event[rows]; d <- d[rows, ]; d[[all.vars(f)[1]]] <- as.integer(first)
  }
  d$.off <- if (is.null(offset)) 0 else offset(d); d$.w <- if (is.null(sampled)) 1 else d[[sampled]]
  d$.g <- if (is.null(cluster)) seq_len(nrow(d)) else d[[cluster]]
  environment(f) <- environment()
  m <- suppressWarnings(glm(f, family, d, weights = d$.w, offset = d$.off, control = tight))
  V <- if (errors == "model") vcov(m) else vcovCL(m, d$.g, type = "HC0", cadjust = TRUE)
  ll <- if (is.null(sampled)) logLik(m)
  named(coef(m), V, loglik = ll)
}
least_squares <- function(cluster = NULL, errors = "model", sampled = NULL, often = NULL, offset = NULL) function(d, f) {
  if (!is.null(often)) d <- d[rep(seq_len(nrow(d)), d[[often]]), ]
  environment(f) <- environment(); d$.w <- if (is.null(sampled)) 1 else d[[sampled]]
  d$.off <- if (is.null(offset)) 0 else d[[offset]]
  m <- lm(f, d, weights = d$.w, offset = d$.off); g <- if (is.null(cluster)) seq_len(nrow(d)) else d[[cluster]]
  if (errors == "model") return(named(coef(m), vcov(m), df = rep(m$df.residual, length(coef(m))), loglik = logLik(m),
    variance = c(residual = summary(m)$sigma^2)))
  kind <- c(cr2 = "CR2", sandwich = "CR1S")[[errors]]
  if (is.null(sampled)) m <- lm(f, d, offset = d$.off)
  V <- vcovCR(m, g, kind)
  t <- coef_test(m, V, test = "Satterthwaite")
  freedom <- if (errors == "cr2") (if (is.null(t$df_Satt)) t$df else t$df_Satt) else rep(length(unique(g)) - 1, length(coef(m)))
  named(coef(m), V, df = freedom, loglik = if (is.null(sampled)) logLik(m))
}
counts <- function(inflation = NULL, cluster = NULL, errors = "model", offset = NULL) function(d, f) {
  X <- model.matrix(f, d); y <- as.numeric(outcome(f, d)); p <- ncol(X)
  Z <- if (is.null(inflation)) NULL else model.matrix(inflation, d); q <- if (is.null(Z)) 0 else ncol(Z)
  off <- if (is.null(offset)) 0 else offset(d)
  rows <- function(v) {
    mu <- exp(drop(X %*% v[1:p]) + off); l <- dnbinom(y, size = exp(-v[p + q + 1]), mu = mu, log = TRUE)
    if (q == 0) return(l)
    e <- drop(Z %*% v[p + 1:q]); lo <- -log1p(exp(e))
    ifelse(y == 0, log(plogis(e) + exp(lo) * exp(l)), lo + l)
  }
  start <- c(glm.fit(X, y, offset = rep(off, length.out = length(y)), family = poisson())$coefficients, rep(0, q), 0)
  if (q) start[p + 1] <- -1
  o <- polish(function(v) -sum(rows(v)), start); V <- o$cov
  if (errors == "sandwich") {
    g <- if (is.null(cluster)) seq_along(y) else as.integer(factor(d[[cluster]])); G <- length(unique(g))
    V <- V %*% crossprod(rowsum(jacobian(rows, o$par), g)) %*% V * G / (G - 1)
  }
  b <- o$par; names(b) <- c(colnames(X), if (q) paste0("inflate:", colnames(Z)), "ln_alpha")
  named(b, V, loglik = o$value)
}

# --- times to events -------------------------------------------------------------------------------
hazards <- function(time, event, entry = NULL, ties = "breslow", strata = NULL, cluster = NULL, offset = NULL,
                    often = NULL, sampled = NULL, frailty = NULL) function(d, f) {
  if (!is.null(often)) d <- d[rep(seq_len(nrow(d)), d[[often]]), ]
  left <- if (is.null(entry)) sprintf("Surv(%s, %s)", time, event) else sprintf("Surv(%s, %s, %s)", entry, time, event)
  right <- c(deparse(f[[2]], 500), if (!is.null(strata)) sprintf("strata(%s)", paste(strata, collapse = ", ")),
             if (!is.null(offset)) sprintf("offset(%s)", offset))
  control <- coxph.control(eps = 1e-14, iter.max = 200, toler.chol = 1e-15, outer.max = 100)
  full <- function(more = NULL) as.formula(paste(left, "~", paste(c(right, more), collapse = " + ")), environment())
  if (!is.null(frailty)) return(gamma_frailty(d, full, frailty, ties, control))
  d$.g <- if (is.null(cluster)) seq_len(nrow(d)) else d[[cluster]]
  d$.w <- if (is.null(sampled)) 1 else d[[sampled]]
  robust <- !is.null(cluster) || !is.null(sampled)
  m <- if (robust) coxph(full(), d, ties = ties, control = control, cluster = .g, weights = .w) else
    coxph(full(), d, ties = ties, control = control)
  named(coef(m), m$var, loglik = if (is.null(sampled)) m$loglik[2])
}
# The marginal likelihood over theta, at each of which coxph has the coefficients to many digits.
gamma_frailty <- function(d, full, group, ties, control) {
  at <- function(theta) coxph(full(sprintf("frailty(%s, theta = %.17g, sparse = FALSE)", group, theta)), d, ties = ties, control = control)
  marginal <- function(m) m$history[[1]]$c.loglik
  start <- coxph(full(sprintf("frailty(%s, sparse = FALSE)", group)), d, ties = ties, control = control)$history[[1]]$theta
  top <- optimize(function(l) marginal(at(exp(l))), log(start) + c(-0.5, 0.5), maximum = TRUE, tol = 1e-6)$maximum
  for (i in 1:3) top <- top - drop(grad(function(l) marginal(at(exp(l))), top) / hessian(function(l) marginal(at(exp(l))), top))
  m <- at(exp(top)); fixed <- !grepl("^(frailty|gamma:)", names(coef(m)))
  named(coef(m)[fixed], m$var[fixed, fixed, drop = FALSE], loglik = marginal(m), variance = c(frailty = exp(top)))
}
subdistribution <- function(time, cause, failcode) function(d, f) {
  X <- model.matrix(f, d)[, -1, drop = FALSE]
  m <- crr(d[[time]], d[[cause]], X, failcode = failcode, cencode = 0, gtol = 1e-12, maxiter = 100)
  # crr's coefficients differ from those of survival's weighted rows by 1e-4 standard errors where
  # events and censoring are tied; its standard errors are Fine and Gray's, survival's are not
  d$.state <- factor(d[[cause]], sort(unique(c(0, d[[cause]])))); d$.id <- seq_len(nrow(d))
  rows <- finegray(as.formula(paste0("Surv(", time, ", .state) ~ .")), d, etype = as.character(failcode), id = .id)
  w <- coxph(update(f, Surv(fgstart, fgstop, fgstatus) ~ .), rows, weights = fgwt, ties = "breslow",
             control = coxph.control(eps = 1e-14, toler.chol = 1e-15))
  named(coef(w), m$var)
}
survival_curve <- function(time, event, by = NULL, entry = NULL) function(d, f) {
  left <- if (is.null(entry)) sprintf("Surv(%s, %s)", time, event) else sprintf("Surv(%s, %s, %s)", entry, time, event)
  s <- survfit(as.formula(paste(left, "~", if (is.null(by)) "1" else by)), d, timefix = FALSE)
  groups <- if (is.null(by)) "" else sub("^[^=]*=", "", names(s$strata))
  of <- if (is.null(by)) rep(1, length(s$time)) else rep(seq_along(s$strata), s$strata)
  lapply(setNames(seq_along(groups), groups), function(k) { i <- which(of == k & s$n.event > 0 & s$surv > 0)
    list(time = I(s$time[i]), value = I(s$surv[i]), se = I(s$std.err[i] * s$surv[i])) })
}
incidence <- function(time, cause, by = NULL) function(d, f) {
  d$.state <- factor(d[[cause]], sort(unique(c(0, d[[cause]]))))
  s <- survfit(as.formula(paste0("Surv(", time, ", .state) ~ ", if (is.null(by)) "1" else by)), d)
  groups <- if (is.null(by)) "" else sub("^[^=]*=", "", names(s$strata))
  of <- if (is.null(by)) rep(1, length(s$time)) else rep(seq_along(s$strata), s$strata)
  lapply(setNames(seq_along(groups), groups), function(k) lapply(setNames(2:length(s$states), s$states[-1]), function(e) {
    i <- which(of == k & s$n.event[, e] > 0)
    list(time = I(s$time[i]), value = I(s$pstate[i, e]), se = I(s$std.err[i, e])) }))
}
mean_to <- function(time, event, limit, by) function(d, f) {
  s <- survfit(as.formula(sprintf("Surv(%s, %s) ~ %s", time, event, by)), d)
  t <- summary(s, rmean = limit)$table
  groups <- sub("^[^=]*=", "", rownames(t))
  list(groups = as.list(groups), value = I(unname(t[, "rmean"])), se = I(unname(t[, "se(rmean)"])))
}
