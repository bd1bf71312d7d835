# Reference fits of times to events with late entry, weights, strata, competing and recurrent events.
#
#   Rscript tests/reference/make_survival.R tests/reference/data
#
# writes surv_<set>.csv (columns taken from the data sets of R's survival package, LGPL >= 2; complete
# rows only), surv_<set>.json (fits of survival and cmprsk, and refits by loops written here), and
# surv_session.txt.
suppressMessages({ library(survival); library(cmprsk); library(jsonlite) })
folder <- commandArgs(trailingOnly = TRUE)[1]
tight <- coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-15)
save <- function(name, data, fits) {
  write.csv(data, file.path(folder, paste0("surv_", name, ".csv")), row.names = FALSE, na = "")
  write_json(fits, file.path(folder, paste0("surv_", name, ".json")), digits = I(17),
             auto_unbox = TRUE, na = "null", pretty = FALSE)
}
numbers <- function(m) list(
  coef = unname(coef(m)), se = unname(sqrt(diag(m$var))), loglik = m$loglik[2],
  se_model = unname(sqrt(diag(if (is.null(m$naive.var)) m$var else m$naive.var))))
both <- function(f, d, ...) {
  extra <- substitute(list(...))
  lapply(c(breslow = "breslow", efron = "efron"), function(ties) {
    m <- eval(as.call(c(quote(coxph), list(f, data = d, ties = ties, control = tight),
                        as.list(extra)[-1])), d, environment())
    numbers(m)
  })
}
# rows of a residual matrix, all digits
residuals_of <- function(m, kinds) sapply(kinds, function(k) unname(resid(m, type = k)), simplify = FALSE)
curve <- function(s, i = NULL) if (is.null(i)) list(time = s$time, surv = s$surv, se = s$std.err,
    low = s$lower, high = s$upper, cumhaz = s$cumhaz) else list(time = s$time,
    surv = s$surv[, i], se = s$std.err[, i], low = s$lower[, i], high = s$upper[, i],
    cumhaz = s$cumhaz[, i])

# ---- heart: start-stop rows, a covariate that changes ------------------------------------------
h <- heart[, c("id", "start", "stop", "event", "age", "year", "surgery", "transplant")]
h$transplant <- as.integer(as.character(h$transplant))
h$stop[h$start >= h$stop] <- h$start[h$start >= h$stop] + 0.5
h$w <- 1 + (h$id %% 3) / 2; h$often <- 1 + h$id %% 2
f <- Surv(start, stop, event) ~ age + surgery + transplant
new <- data.frame(age = c(-5, 10), surgery = c(0, 1), transplant = c(1, 0))
heart_fits <- list(
  plain = both(f, h), clustered = both(f, h, cluster = id),
  strata = both(update(f, . ~ age + transplant + strata(surgery)), h),
  offset = both(update(f, . ~ surgery + transplant + offset(0.03 * age)), h),
  sampling = both(f, h, weights = w, cluster = id),
  frequency = both(f, h[rep(seq_len(nrow(h)), h$often), ]),
  sandwich = both(f, h, cluster = id))
for (ties in c("breslow", "efron")) {
  m <- coxph(f, h, ties = ties, control = tight)
  heart_fits$residuals[[ties]] <- residuals_of(m, c("martingale", "deviance", "score", "dfbeta"))
  s <- resid(m, "schoenfeld")
  heart_fits$residuals[[ties]]$schoenfeld <- unname(s)
  weighted <- coxph(f, h, ties = ties, control = tight, weights = w)
  heart_fits$residuals[[ties]]$weighted_score <- unname(resid(weighted, "score", weighted = TRUE))
  heart_fits$residuals[[ties]]$weighted_martingale <- unname(resid(weighted, "martingale"))
  z <- cox.zph(m, transform = "identity")
  heart_fits$zph[[ties]] <- list(identity = unname(z$table[, 1]),
                                 km = unname(cox.zph(m, transform = "km")$table[, 1]))
  s <- survfit(m, newdata = new, conf.type = "log-log")
  heart_fits$survival[[ties]] <- list(curve(s, 1), curve(s, 2))
  s <- survfit(weighted, newdata = new[1, ], conf.type = "log-log")
  heart_fits$weighted_survival[[ties]] <- list(time = s$time, surv = s$surv, cumhaz = s$cumhaz)
}
save("heart", h, heart_fits)

# ---- lung: clusters of unequal size (institutions), strata, log-rank, curves --------------------
l <- na.omit(lung[, c("inst", "time", "status", "age", "sex", "ph.ecog", "wt.loss")])
names(l) <- c("inst", "time", "status", "age", "sex", "ecog", "loss")
l$dead <- l$status - 1; l$status <- NULL; l <- l[l$ecog < 3, ]
f <- Surv(time, dead) ~ age + sex + ecog
new <- data.frame(age = c(50, 70), sex = c(1, 2), ecog = c(0, 2))
leave_out <- function(fit, d) {
  all <- fit(d); g <- sort(unique(d$inst))
  changes <- t(sapply(g, function(i) fit(d[d$inst != i, ]) - all))
  (length(g) - 1) / length(g) * crossprod(changes)
}
test <- function(s) list(chisq = s$chisq, observed = c(if (is.matrix(s$obs)) rowSums(s$obs) else s$obs),
                         expected = c(if (is.matrix(s$exp)) rowSums(s$exp) else s$exp),
                         var = s$var)
lung_fits <- list(
  strata2 = both(Surv(time, dead) ~ age + loss + strata(sex, ecog), l),
  jackknife = lapply(c(breslow = "breslow", efron = "efron"), function(ties)
    leave_out(function(d) coef(coxph(f, d, ties = ties, control = tight)), l)),
  log_rank = list(
    sex = test(survdiff(Surv(time, dead) ~ sex, l)),
    ecog = test(survdiff(Surv(time, dead) ~ ecog, l)),
    stratified = test(survdiff(Surv(time, dead) ~ sex + strata(ecog), l)),
    peto = test(survdiff(Surv(time, dead) ~ sex, l, rho = 1))))
rmean <- function(d) {
  sapply(1:2, function(s) summary(survfit(Surv(time, dead) ~ 1, d[d$sex == s, ]), rmean = 400)$table["rmean"])
}
lung_fits$rmean_jackknife <- leave_out(rmean, l)
for (ties in c("breslow", "efron")) {
  m <- coxph(f, l, ties = ties, control = tight)
  for (kind in c("log", "log-log", "plain")) {
    s <- survfit(m, newdata = new, conf.type = kind)
    lung_fits$survival[[ties]][[kind]] <- list(curve(s, 1), curve(s, 2))
  }
  b <- basehaz(m, centered = FALSE)
  lung_fits$baseline[[ties]] <- list(time = b$time, hazard = b$hazard)
  m <- coxph(Surv(time, dead) ~ age + ecog + strata(sex), l, ties = ties, control = tight)
  s <- survfit(m, newdata = data.frame(age = 60, ecog = 1, sex = 2), conf.type = "log-log")
  lung_fits$stratum_survival[[ties]] <- curve(s)
  lung_fits$stratum_residuals[[ties]] <- residuals_of(m, c("martingale", "deviance", "score"))
}
save("lung", l, lung_fits)

# ---- cgd: recurrent infections ------------------------------------------------------------------
g <- cgd[, c("id", "center", "treat", "age", "steroids", "tstart", "tstop", "status")]
g$center <- as.integer(g$center); g$treat <- as.integer(g$treat) - 1
f <- Surv(tstart, tstop, status) ~ treat + age + steroids
cgd_fits <- list(lwyy = both(f, g, cluster = id), by_center = both(f, g, cluster = center))
mcf <- survfit(Surv(tstart, tstop, status) ~ treat, g, id = id)
rows <- rep(0:1, mcf$strata)
cgd_fits$mcf <- lapply(0:1, function(k) list(time = mcf$time[rows == k],
  mean = mcf$cumhaz[rows == k], se = mcf$std.chaz[rows == k], at_risk = mcf$n.risk[rows == k]))
mcf <- survfit(Surv(tstart, tstop, status) ~ treat, g, id = id, cluster = center)
rows <- rep(0:1, mcf$strata)
cgd_fits$mcf_by_center <- lapply(0:1, function(k) list(time = mcf$time[rows == k],
  mean = mcf$cumhaz[rows == k], se = mcf$std.chaz[rows == k]))
m <- coxph(Surv(tstart, tstop, status) ~ treat + frailty(id, eps = 1e-11, sparse = FALSE), g,
           ties = "breslow", control = coxph.control(eps = 1e-12, iter.max = 200, outer.max = 200))
cgd_fits$frailty <- list(coef = unname(m$coefficients[1]), se = sqrt(diag(m$var))[1],
                         theta = m$history[[1]]$theta, loglik = m$history[[1]]$c.loglik)
save("cgd", g, cgd_fits)

# ---- mgus2: a plasma cell malignancy or death before it; late entry on the age scale ------------
x <- mgus2[complete.cases(mgus2[, c("age", "sex", "hgb")]), c("id", "age", "sex", "hgb", "ptime", "pstat", "futime", "death")]
x <- x[x$id %% 3 == 0, ]
x$time <- ifelse(x$pstat == 0, x$futime, x$ptime)
x$cause <- ifelse(x$pstat == 1, 1, 2 * x$death)
x$region <- x$id %% 37
x$sex <- as.integer(x$sex) - 1
x <- x[, c("id", "age", "sex", "hgb", "time", "cause", "futime", "death", "region")]
x <- x[x$time > 0, ]
x$start <- 12 * x$age; x$stop <- 12 * x$age + x$futime
x$state <- factor(x$cause, 0:2, c("censored", "pcm", "death"))
aj <- survfit(Surv(time, state) ~ sex, x)
rows <- rep(0:1, aj$strata)
ci <- cuminc(x$time, x$cause, x$sex)
ci_s <- cuminc(x$time, x$cause, x$sex, strata = x$region %% 4)
at <- c(12, 60, 120, 240)
fg <- finegray(Surv(time, state) ~ ., x, etype = "pcm", id = id)
mg <- list(
  aj = lapply(0:1, function(k) list(time = aj$time[rows == k], pstate = aj$pstate[rows == k, 2:3],
                                    se = aj$std.err[rows == k, 2:3])),
  cuminc = lapply(c("0 1", "1 1", "0 2", "1 2"), function(n) {
    t <- timepoints(ci[n], at); list(est = c(t$est), var = c(t$var)) }),
  at = at, gray = unname(ci$Tests), gray_strata = unname(ci_s$Tests),
  crr = { m <- crr(x$time, x$cause, cbind(x$sex, x$age, x$hgb), failcode = 1, gtol = 1e-12,
                   maxiter = 100)
          list(coef = unname(m$coef), se = sqrt(diag(m$var))) },
  finegray = { m <- coxph(Surv(fgstart, fgstop, fgstatus) ~ sex + age + hgb, fg, weights = fgwt,
                          cluster = id, ties = "breslow", control = tight)
               numbers(m) },
  finegray_region = { m <- coxph(Surv(fgstart, fgstop, fgstatus) ~ sex + age + hgb, fg,
                                 weights = fgwt, cluster = region, ties = "breslow", control = tight)
                      numbers(m) },
  cause_specific = both(Surv(time, cause == 2) ~ sex + age + hgb, x),
  entry = both(Surv(start, stop, death) ~ sex + hgb, x))
x$untied <- x$time + rank(x$id) / 1e4
m <- crr(x$untied, x$cause, cbind(x$sex, x$age, x$hgb), failcode = 1, gtol = 1e-12, maxiter = 100)
mg$crr_untied <- list(coef = unname(m$coef), se = sqrt(diag(m$var)))
# three groups and many ties, which Gray's variance treats in a way of its own
x$third <- cut(x$age, c(0, 65, 75, 200), labels = FALSE); x$years <- ceiling(x$time / 24)
mg$gray_three <- unname(cuminc(x$years, x$cause, x$third)$Tests)
mg$gray_three_strata <- unname(cuminc(x$years, x$cause, x$third, strata = x$sex)$Tests)
km <- survfit(Surv(start, stop, death) ~ sex, x, conf.type = "log-log")
rows <- rep(0:1, km$strata)
mg$entry_km <- lapply(0:1, function(k) list(time = km$time[rows == k], surv = km$surv[rows == k],
  se = km$std.err[rows == k], at_risk = km$n.risk[rows == k], low = km$lower[rows == k],
  high = km$upper[rows == k]))
mg$entry_log_rank <- { m <- coxph(Surv(start, stop, death) ~ sex, x, ties = "breslow", control = tight); m$score }
x$state <- NULL
save("mgus2", x, mg)

# ---- bladder: four tumours at most, gap and total time, strata by number ------------------------
b <- bladder2[, c("id", "rx", "number", "size", "start", "stop", "event", "enum")]
b <- b[b$start < b$stop, ]
f <- Surv(start, stop, event) ~ rx + number + size
save("bladder", b, list(lwyy = both(f, b, cluster = id),
  pwp = both(update(f, . ~ . + strata(enum)), b, cluster = id)))

# ---- veteran, kidney: strata and frailty --------------------------------------------------------
v <- veteran; v$celltype <- as.character(v$celltype)
s <- survfit(Surv(time, status) ~ 1, v)
save("veteran", v, list(strata = both(Surv(time, status) ~ trt + karno + strata(celltype, prior), v),
  log_rank = test(survdiff(Surv(time, status) ~ celltype, v)),
  stratified = test(survdiff(Surv(time, status) ~ trt + strata(celltype), v))))
k <- kidney[, c("id", "time", "status", "age", "sex")]
m <- coxph(Surv(time, status) ~ age + sex + frailty(id, eps = 1e-11, sparse = FALSE), k,
           ties = "breslow", control = coxph.control(eps = 1e-12, iter.max = 200, outer.max = 200))
n <- coxph(Surv(time, status) ~ age + sex + frailty(id, distribution = "gaussian", eps = 1e-11,
           sparse = FALSE), k, ties = "breslow",
           control = coxph.control(eps = 1e-12, iter.max = 200, outer.max = 200))
shared <- function(m) list(coef = unname(m$coefficients[1:2]), se = sqrt(diag(m$var))[1:2],
                           theta = m$history[[1]]$theta)
save("kidney", k, list(gamma = shared(m), gaussian = shared(n)))
writeLines(capture.output(sessionInfo()), file.path(folder, "surv_session.txt"))
