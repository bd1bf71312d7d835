# An independent witness: Table 2 and the estimates of the text, from the CSV files alone, with R.
#
#   Rscript tests/reference/witness.R data/synthetic > tests/reference/data/witness.csv
#
# Nothing here knows of the library: files are read, variables derived and models fitted anew. Raw
# output; the last lines (#) name the versions.
#   readmission             lme4::glmer, 7 nodes; at a zero variance the errors are those of glm
#   scores, contacts        lme4::lmer, maximum likelihood, Wald z
#   days to readmission     survival::coxph, Breslow ties, clustered sandwich times G / (G - 1)
#   days in acute care      zero-inflated negative binomial: own likelihood, started from pscl,
#                           numDeriv derivatives, clustered sandwich over all parameters, G / (G - 1)

suppressPackageStartupMessages({
  library(lme4); library(survival); library(pscl); library(numDeriv)
})
options(digits = 15, warn = 1)
folder <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")), na.strings = "",
                                colClasses = c(participant_id = "character"))
day <- function(x) as.integer(as.Date(x))

# --- the analysis set ---------------------------------------------------------------------------
p <- read("participants")
p <- p[order(p$participant_id), ]
p$treated <- as.integer(p$arm == "intervention")
p$condition <- as.integer(p$psychosis == "yes")
p$worker <- ifelse(is.na(p$psw_id), p$participant_id, p$psw_id)

e <- read("acute_episodes")
e$day0 <- day(p$randomised_on)[match(e$participant_id, p$participant_id)]
e$from <- day(e$started_on) - e$day0
e$to <- ifelse(is.na(e$ended_on), 10000L, day(e$ended_on) - e$day0)
days_of <- function(rows) {
  if (nrow(rows) == 0) return(0)
  covered <- logical(365)
  for (i in seq_len(nrow(rows))) {
    first <- max(rows$from[i], 1); last <- min(rows$to[i], 365)
    if (first <= last) covered[first:last] <- TRUE
  }
  sum(covered)
}
obtained <- p$acute_records_obtained == "yes"
p[c("readmitted", "time", "acute_days", "readmission_days", "index_days")] <- NA_real_
for (i in which(obtained)) {
  mine <- e[e$participant_id == p$participant_id[i], ]
  index_end <- suppressWarnings(max(mine$to[mine$index_episode == "yes"]))
  later <- mine[mine$index_episode == "no" & mine$from > index_end, ]
  first <- suppressWarnings(min(later$from))
  p$readmitted[i] <- as.numeric(first <= 365)
  p$time[i] <- min(first, 365)
  p$acute_days[i] <- days_of(mine)
  p$readmission_days[i] <- days_of(later)
  p$index_days[i] <- min(max(index_end, 0), 365)
}

q <- read("questionnaires")
scales <- list(satisfaction = list("csq", 8, integer()), self_management = list("imr", 15, integer()),
               recovery = list("qpr", 22, integer()), symptoms = list("bprs", 24, integer()),
               loneliness = list("uls", 8, c(3, 6)), social_network = list("lsns", 6, integer()))
for (outcome in names(scales)) {
  s <- scales[[outcome]]
  items <- as.matrix(q[paste0(s[[1]], "_", seq_len(s[[2]]))])
  items[, s[[3]]] <- 5 - items[, s[[3]]]
  total <- rowSums(items)
  for (visit in c("baseline", "month_4", "month_18")) {
    held <- q$visit == visit
    p[[paste0(outcome, "_", visit)]] <-
      total[held][match(p$participant_id, q$participant_id[held])]
  }
}
u <- read("service_use")
at <- match(p$participant_id, u$participant_id)
p$cmht_contacts_baseline <- u$cmht_contacts_baseline[at]
p$cmht_contacts <- u$cmht_contacts_12m[at]

# --- output ---------------------------------------------------------------------------------------
number <- function(x) formatC(x, digits = 12, width = 1, format = "g")
line <- function(analysis, level, statistic, arm, value)
  cat(paste(analysis, level, statistic, arm, number(value), sep = ","), "\n", sep = "")
wald <- function(analysis, b, s, n, ratio, level = "") {
  f <- if (ratio) exp else identity
  z <- qnorm(0.975)
  values <- c(estimate = f(b), low = f(b - z * s), high = f(b + z * s),
              p_value = 2 * pnorm(-abs(b / s)), n = n, coefficient = b, std_error = s)
  for (name in names(values)) line(analysis, level, name, "", values[[name]])
}
cat("analysis,level,statistic,arm,value\n")

# --- descriptions ----------------------------------------------------------------------------------
stata <- function(x, percent) {
  x <- sort(x); k <- length(x) * percent / 100
  if (k == floor(k)) mean(x[c(k, k + 1)]) else x[ceiling(k)]
}
arms <- c("intervention", "control")
moments <- function(analysis, x) for (arm in arms) {
  y <- x[p$arm == arm & !is.na(x)]
  line(analysis, "", "mean", arm, mean(y)); line(analysis, "", "sd", arm, sd(y))
}
quartiles <- function(analysis, x, who = TRUE) for (arm in arms) {
  y <- x[p$arm == arm & !is.na(x) & who]
  line(analysis, "", "q1", arm, stata(y, 25)); line(analysis, "", "median", arm, stata(y, 50))
  line(analysis, "", "q3", arm, stata(y, 75))
}
for (arm in arms) {
  y <- p$readmitted[p$arm == arm & obtained]
  line("readmission", "", "n", arm, sum(y)); line("readmission", "", "N", arm, length(y))
}
quartiles("time_to_readmission", p$time, p$readmitted %in% 1)
quartiles("acute_days", p$acute_days)
quartiles("readmission_days", p$readmission_days)
moments("readmission_days", p$readmission_days)
moments("index_days", p$index_days)
scores <- as.vector(outer(c("month_4", "month_18"), names(scales), function(v, o) paste0(o, "_", v)))
for (name in c(scores, "cmht_contacts")) moments(name, p[[name]])

# --- models ----------------------------------------------------------------------------------------
known <- p[obtained, ]
fit <- glmer(readmitted ~ treated + condition + centre + (1 | worker), known, binomial, nAGQ = 7,
             control = glmerControl("bobyqa", optCtrl = list(rhobeg = 2e-2, rhoend = 1e-9,
                                                              maxfun = 1e6)))
sd_worker <- getME(fit, "theta")
if (sd_worker < 1e-3) {
  plain <- glm(readmitted ~ treated + condition + centre, binomial, known, epsilon = 1e-14)
  b <- coef(plain)[["treated"]]; s <- sqrt(vcov(plain)["treated", "treated"])
} else {
  b <- fixef(fit)[["treated"]]; s <- sqrt(vcov(fit, use.hessian = TRUE)["treated", "treated"])
}
wald("readmission", b, s, nrow(known), TRUE)
line("readmission", "", "sd_worker", "", sd_worker)

linear <- function(analysis, covariates, level = "") {
  columns <- c(analysis, "worker", covariates)
  d <- p[complete.cases(p[columns]), columns]
  f <- reformulate(c(covariates, "(1 | worker)"), analysis)
  fit <- lmer(f, d, REML = FALSE, control = lmerControl("bobyqa", calc.derivs = FALSE,
              check.conv.singular = "ignore", optCtrl = list(rhoend = 1e-12, maxfun = 1e6)))
  b <- fixef(fit)[["treated"]]; s <- sqrt(vcov(fit)["treated", "treated"])
  wald(analysis, b, s, nrow(d), FALSE, level)
  line(analysis, level, "sd_worker", "", as.data.frame(VarCorr(fit))$sdcor[1])
}
adjusted <- c("treated", "condition", "centre")
for (name in scores)
  linear(name, c(adjusted, sub("month_(4|18)", "baseline", name)))
linear("recovery_month_4", c(adjusted, "recovery_baseline", "sex", "lifetime_admissions"),
       "missingness_adjusted")
linear("cmht_contacts", c(adjusted, "cmht_contacts_baseline"))

cox <- coxph(Surv(time, readmitted) ~ treated, known, cluster = worker, ties = "breslow",
             control = coxph.control(eps = 1e-13, toler.chol = 1e-14))
G <- length(unique(known$worker))
wald("time_to_readmission", coef(cox)[["treated"]], sqrt(vcov(cox)[1, 1] * G / (G - 1)),
     nrow(known), TRUE)

zero_inflated <- function(analysis) {
  y <- known[[analysis]]; x <- known$treated
  rows <- function(theta) {
    mu <- exp(theta[1] + theta[2] * x); excess <- plogis(theta[3]); size <- exp(-theta[4])
    ifelse(y == 0, log(excess + (1 - excess) * dnbinom(0, size = size, mu = mu)),
           log1p(-excess) + dnbinom(y, size = size, mu = mu, log = TRUE))
  }
  total <- function(theta) sum(rows(theta))
  start <- zeroinfl(y ~ x | 1, dist = "negbin")
  theta <- c(coef(start), -log(start$theta))
  for (step in 1:6) theta <- theta - solve(hessian(total, theta), grad(total, theta))
  bread <- solve(-hessian(total, theta))
  by_worker <- rowsum(jacobian(rows, theta), known$worker)
  V <- bread %*% crossprod(by_worker) %*% bread * G / (G - 1)
  wald(analysis, theta[[2]], sqrt(V[2, 2]), length(y), TRUE)
}
zero_inflated("acute_days")
zero_inflated("readmission_days")

cat("#", R.version.string, "\n")
for (name in c("lme4", "Matrix", "survival", "pscl", "numDeriv"))
  cat("#", name, as.character(packageVersion(name)), "\n")
