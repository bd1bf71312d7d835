# Reference fits of the linear model for repeated visits.
#
#   Rscript tests/reference/make_repeated.R tests/reference/data [set ...]
#
# writes repeated_<set>.csv (the data, 15 digits) and repeated_<set>.json (the fits) for every set
# below, and repeated_session.txt. nlme's gls and lme fit; from there the likelihood, written out by
# blocks, is maximised by Newton steps on numeric derivatives, and Satterthwaite's degrees of freedom
# follow from the same derivatives. Where the covariance is compound symmetric, lme4 with lmerTest
# and pbkrtest gives Kenward-Roger's as well.
#
# Data: nlme (Orthodont, Oats, Alfalfa, Spruce; GPL 2 or later), MASS (Sitka; GPL 2 or 3), datasets
# (ChickWeight; GPL 2 or 3), lme4 (sleepstudy; GPL 2 or later); one trial is simulated.
suppressMessages({
  library(nlme); library(lme4); library(lmerTest); library(pbkrtest); library(numDeriv)
  library(jsonlite)
})
folder <- commandArgs(trailingOnly = TRUE)[1]

trial <- function() {
  set.seed(441)
  n <- 120; visits <- c(3, 6, 12, 18)
  person <- data.frame(id = seq_len(n), arm = rep(0:1, length.out = n), baseline = round(rnorm(n, 25, 6)))
  worker <- ifelse(person$arm == 1, sample(12, n, TRUE), 100 + person$id)
  person$worker <- ifelse(person$arm == 1, sprintf("w%02d", worker), sprintf("c%03d", person$id))
  u <- rnorm(300, 0, 2.2)
  S <- outer(c(5, 6, 7, 8), c(5, 6, 7, 8)) * 0.6^abs(outer(1:4, 1:4, "-"))
  E <- matrix(rnorm(4 * n), n) %*% chol(S)
  d <- merge(person, data.frame(visit = visits))
  d <- d[order(d$id, d$visit), ]
  d$score <- round(20 + 0.5 * d$baseline - 0.2 * d$visit * (1 + 0.5 * d$arm) + d$arm * u[worker[d$id]] +
    E[cbind(d$id, match(d$visit, visits))], 2)
  gone <- runif(n)                                       # dropout, and some visits missed
  d <- d[!(gone[d$id] < 0.25 & d$visit > 6) & runif(nrow(d)) > 0.08, ]
  d[sample(nrow(d)), c("id", "worker", "arm", "baseline", "visit", "score")]
}

sets <- list(
  orthodont = list(d = with(Orthodont, data.frame(id = as.character(Subject), sex = as.character(Sex),
      visit = age, y = distance)), f = y ~ sex * visit, text = "y ~ sex * visit"),
  sitka = list(d = with(MASS::Sitka, data.frame(id = paste0("t", tree), treat = as.character(treat),
      visit = Time, y = size)), f = y ~ treat * factor(visit), text = "y ~ treat * C(visit)"),
  chickweight = list(d = with(subset(ChickWeight, Time <= 8), data.frame(id = paste0("c", Chick),
      diet = paste0("d", Diet), visit = Time, y = weight)), f = y ~ diet * factor(visit),
      text = "y ~ diet * C(visit)"),
  sleepstudy = list(d = with(subset(sleepstudy, Days < 5), data.frame(id = paste0("s", Subject),
      visit = Days, y = Reaction)), f = y ~ visit, text = "y ~ visit"),
  oats = list(d = with(Oats, data.frame(id = paste(Block, Variety, sep = "/"), cluster = as.character(Block),
      variety = as.character(Variety), visit = nitro, y = yield)), f = y ~ variety + factor(visit),
      text = "y ~ variety + C(visit)"),
  alfalfa = list(d = with(Alfalfa, data.frame(id = paste(Block, Variety, sep = "/"), cluster = as.character(Block),
      variety = as.character(Variety), visit = as.character(Date), y = Yield)), f = y ~ variety * visit,
      text = "y ~ variety * visit"),
  spruce = list(d = with(subset(as.data.frame(Spruce), days %in% c(152, 201, 258, 496, 639)), data.frame(
      id = as.character(Tree), cluster = paste0("p", plot), visit = days, y = logSize)),
      f = y ~ factor(visit), text = "y ~ C(visit)"),
  trial = list(d = with(trial(), data.frame(id = paste0("p", id), cluster = worker, arm, baseline, visit,
      y = score)), f = y ~ arm * factor(visit) + baseline, text = "y ~ arm * C(visit) + baseline",
      random = "arm")
)

corr <- function(kind, form) switch(kind,
  unstructured = corSymm(form = form),
  compound_symmetry = , heterogeneous_compound_symmetry = corCompSymm(form = form),
  ar1 = , heterogeneous_ar1 = corAR1(form = form))
uneven <- function(kind) kind == "unstructured" || startsWith(kind, "heterogeneous")

sigma_of <- function(kind, v, nv) switch(kind,
  unstructured = { L <- matrix(0, nv, nv); L[lower.tri(L, TRUE)] <- v[1:(nv * (nv + 1) / 2)]
    diag(L) <- exp(diag(L)); L %*% t(L) },
  compound_symmetry = exp(v[1]) * (diag(nv) + tanh(v[2]) * (1 - diag(nv))),
  heterogeneous_compound_symmetry = exp(outer(v[1:nv], v[1:nv], "+") / 2) *
    (diag(nv) + tanh(v[nv + 1]) * (1 - diag(nv))),
  ar1 = exp(v[1]) * tanh(v[2])^abs(outer(1:nv, 1:nv, "-")),
  heterogeneous_ar1 = exp(outer(v[1:nv], v[1:nv], "+") / 2) *
    tanh(v[nv + 1])^abs(outer(1:nv, 1:nv, "-")))
start_of <- function(kind, S) {
  nv <- nrow(S); r <- cov2cor(S)[2, 1]
  if (kind == "unstructured") { L <- t(chol(S)); diag(L) <- log(diag(L)); L[lower.tri(L, TRUE)] } else if (uneven(kind)) c(log(diag(S)), atanh(r)) else c(log(mean(diag(S))), atanh(r))
}

direct <- function(d, f, kind, reml, start, z) {
  X <- model.matrix(f, d); y <- d$y; n <- length(y); p <- ncol(X); nv <- max(d$v)
  blocks <- split(seq_len(n), if (is.null(z)) d$id else d$cluster)
  parts <- function(v) {
    S <- sigma_of(kind, v, nv); tau <- if (is.null(z)) 0 else v[length(v)]
    XX <- matrix(0, p, p); Xy <- numeric(p); yy <- 0; ld <- 0
    for (b in blocks) {
      V <- S[d$v[b], d$v[b], drop = FALSE] * outer(d$id[b], d$id[b], "==")
      if (!is.null(z)) V <- V + tau * outer(z[b], z[b])
      U <- chol(V); A <- backsolve(U, cbind(X[b, , drop = FALSE], y[b]), transpose = TRUE)
      XX <- XX + crossprod(A[, 1:p, drop = FALSE]); Xy <- Xy + crossprod(A[, 1:p, drop = FALSE], A[, p + 1])
      yy <- yy + sum(A[, p + 1]^2); ld <- ld + 2 * sum(log(diag(U)))
    }
    C <- solve(XX); beta <- C %*% Xy
    ll <- -0.5 * ((n - reml * p) * log(2 * pi) + ld + yy - sum(beta * Xy) - reml * determinant(C)$modulus[1])
    list(ll = ll, beta = drop(beta), C = C)
  }
  minus <- function(v) tryCatch(-parts(v)$ll, error = function(e) 1e10)
  v <- start; at_zero <- !is.null(z) && v[length(v)] < 1e-6 * sigma_of(kind, v, nv)[1, 1]
  free <- seq_along(v)
  if (at_zero) { v[length(v)] <- 0; free <- free[-length(v)] }
  inside <- function(w) { full <- v; full[free] <- w; full }
  for (i in 1:4) {
    w <- v[free]; g <- grad(function(w) minus(inside(w)), w)
    H <- hessian(function(w) minus(inside(w)), w)
    step <- solve(H, g); v <- inside(w - step)
    if (sqrt(abs(sum(step * g))) < 1e-9) break
  }
  o <- parts(v); A <- solve(hessian(function(w) minus(inside(w)), v[free]))
  J <- jacobian(function(w) diag(parts(inside(w))$C), v[free])
  list(terms = colnames(X), coef = unname(o$beta), se = unname(sqrt(diag(o$C))), loglik = o$ll, sigma = sigma_of(kind, v, nv),
       tau = if (is.null(z)) NULL else v[length(v)], satt_df = 2 * diag(o$C)^2 / rowSums((J %*% A) * J))
}

fit <- function(s, kind, method) {
  d <- s$d; clustered <- "cluster" %in% names(d)
  d$v <- as.integer(factor(d$visit)); nv <- max(d$v)
  d <- d[order(d$id, d$v), ]
  z <- if (!clustered) NULL else if (is.null(s$random)) rep(1, nrow(d)) else d[[s$random]]
  w <- if (uneven(kind)) varIdent(form = ~ 1 | v)
  m <- tryCatch(if (!clustered) gls(s$f, d, correlation = corr(kind, ~ v | id), weights = w, method = toupper(method),
      control = glsControl(maxIter = 200, msMaxIter = 500, opt = "nlminb", tolerance = 1e-10, msTol = 1e-10))
    else lme(s$f, d, random = if (is.null(s$random)) ~ 1 | cluster else ~ 0 + arm | cluster,
      correlation = corr(kind, ~ v | cluster / id), weights = w, method = toupper(method),
      control = lmeControl(maxIter = 200, msMaxIter = 500, opt = "nlminb", tolerance = 1e-10, msTol = 1e-10)),
    error = function(e) { message(kind, " ", conditionMessage(e)); NULL })
  if (is.null(m)) return(NULL)
  ratio <- if (uneven(kind)) { r <- coef(m$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE); r[order(as.integer(names(r)))] } else rep(1, nv)
  C <- switch(sub("heterogeneous_", "", kind),
    unstructured = { C <- diag(nv); C[lower.tri(C)] <- coef(m$modelStruct$corStruct, unconstrained = FALSE); C + t(C) - diag(nv) },
    compound_symmetry = { C <- matrix(coef(m$modelStruct$corStruct, unconstrained = FALSE), nv, nv); diag(C) <- 1; C },
    ar1 = coef(m$modelStruct$corStruct, unconstrained = FALSE)^abs(outer(1:nv, 1:nv, "-")))
  S <- m$sigma^2 * outer(ratio, ratio) * C
  tau <- if (clustered) as.numeric(getVarCov(m))
  out <- direct(d, s$f, kind, method == "reml", c(start_of(kind, S), tau), z)
  b <- if (clustered) fixef(m) else coef(m)
  out$nlme <- list(coef = unname(b), se = unname(sqrt(diag(vcov(m)))), loglik = as.numeric(logLik(m)))
  if (kind == "compound_symmetry") out <- c(out, lmer_fit(s, d, clustered, method))
  out
}

lmer_fit <- function(s, d, clustered, method) {
  bars <- if (!clustered) "(1 | id)" else if (is.null(s$random)) "(1 | cluster) + (1 | id)" else "(0 + arm | cluster) + (1 | id)"
  m <- suppressWarnings(lmerTest::lmer(as.formula(paste(paste(deparse(s$f), collapse = ""), "+", bars)), d,
    REML = method == "reml", control = lmerControl("bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-12, maxfun = 1e6),
      check.conv.singular = "ignore")))
  out <- list(singular = isSingular(m), lmer_satt_df = unname(coef(summary(m))[, "df"]))
  if (method == "reml") {
    kr <- suppressWarnings(coef(summary(m, ddf = "Kenward-Roger")))
    out$kr_df <- unname(kr[, "df"]); out$kr_se <- unname(kr[, "Std. Error"])
  }
  list(lmer = out)
}

kinds <- c("unstructured", "compound_symmetry", "heterogeneous_compound_symmetry", "ar1", "heterogeneous_ar1")
chosen <- commandArgs(trailingOnly = TRUE)[-1]
for (name in if (length(chosen)) chosen else names(sets)) {
  path <- file.path(folder, paste0("repeated_", name)); s <- sets[[name]]
  write.csv(format(s$d, digits = 15, trim = TRUE), paste0(path, ".csv"), row.names = FALSE, quote = FALSE)
  s$d <- read.csv(paste0(path, ".csv"), stringsAsFactors = FALSE)
  fits <- list(formula = s$text, random = if (is.null(s$random)) "1" else s$random)
  for (kind in kinds) for (method in if (kind %in% c("unstructured", "compound_symmetry")) c("reml", "ml") else "reml") {
    found <- fit(s, kind, method)
    if (!is.null(found)) fits[[paste(kind, method, sep = "_")]] <- found
    cat(name, kind, method, if (is.null(found)) "none" else c(found$loglik, found$nlme$loglik, found$tau), "\n")
  }
  writeLines(toJSON(fits, digits = I(16), auto_unbox = TRUE, na = "null", pretty = FALSE), paste0(path, ".json"))
}
session <- capture.output(sessionInfo())
writeLines(session[!grepl("BLAS|LAPACK|^Matrix", session)], file.path(folder, "repeated_session.txt"))
