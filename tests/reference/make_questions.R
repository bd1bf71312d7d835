# Questions to fitted models: joint tests, contrasts, adjusted means, profiles, comparisons.
#
#   Rscript tests/reference/make_questions.R tests/reference/data
#
# writes questions.csv (the data), questions.json (the answers) and questions_session.txt. lme4 fits
# the models, to a tight tolerance; pbkrtest tests by Kenward and Roger, lmerTest by
# Satterthwaite, emmeans gives the adjusted means, mvtnorm the quantiles of the largest t.
suppressMessages({
  library(lme4); library(lmerTest); library(pbkrtest); library(emmeans); library(mvtnorm)
  library(survival); library(jsonlite)
})
folder <- commandArgs(trailingOnly = TRUE)[1]

set.seed(20181)
n <- 360; G <- 18
arm <- factor(rep(c("control", "peer"), length.out = n))
worker <- sample(G, n, TRUE, rgamma(G, 2))
cluster <- ifelse(arm == "peer", sprintf("P%02d", worker), sprintf("T%02d", sample(G, n, TRUE)))
sex <- factor(sample(c("F", "M"), n, TRUE, c(0.6, 0.4)))
centre <- factor(sample(c("A", "B", "C"), n, TRUE, c(0.5, 0.3, 0.2)))
age <- round(rnorm(n, 40, 12))
u <- rnorm(2 * G); names(u) <- c(sprintf("P%02d", 1:G), sprintf("T%02d", 1:G))
eta <- 0.4 * (arm == "peer") - 0.3 * (sex == "M") + 0.5 * (arm == "peer" & sex == "M") +
  0.3 * (centre == "B") - 0.2 * (centre == "C") + 0.01 * (age - 40) + 0.6 * u[cluster]
d <- data.frame(cluster, arm, sex, centre, age,
  score = signif(20 + 3 * eta + rnorm(n, 0, 4), 10),
  event = rbinom(n, 1, plogis(eta - 0.3)),
  time = ceiling(rexp(n, 0.01 * exp(0.5 * eta))), status = rbinom(n, 1, 0.8))
write.csv(d, file.path(folder, "questions.csv"), row.names = FALSE)

tight <- lmerControl("bobyqa", optCtrl = list(rhoend = 1e-11, maxfun = 1e6))
reml <- lmer(score ~ arm * sex + centre + age + (1 | cluster), d, control = tight)
ml <- update(reml, REML = FALSE)
names_of <- names(fixef(reml))
L <- function(...) {
  rows <- list(...)
  m <- t(sapply(rows, function(r) { v <- numeric(length(names_of)); names(v) <- names_of
    v[names(r)] <- r; v }))
  matrix(m, nrow = length(rows))
}
questions <- list(
  centre = L(c(centreB = 1), c(centreC = 1)),
  arm_any = L(c(armpeer = 1), c("armpeer:sexM" = 1)),
  all = L(c(armpeer = 1), c(sexM = 1), c(centreB = 1), c(centreC = 1), c(age = 1),
          c("armpeer:sexM" = 1)),
  one = L(c(armpeer = 1, "armpeer:sexM" = 1)))
kr <- lapply(questions, function(m) {
  s <- KRmodcomp(reml, m)$stats
  list(statistic = s$Fstat, df = s$ndf, ddf = s$ddf, p = s$p.value)
})
satterthwaite <- lapply(questions, function(m) {
  s <- contestMD(as_lmerModLmerTest(reml), m)
  list(statistic = s[["F value"]], df = s$NumDF, ddf = s$DenDF, p = s[["Pr(>F)"]])
})
table_of <- function(x) {
  s <- as.data.frame(summary(x, infer = TRUE))
  as.list(s[sapply(s, is.numeric)])
}
emm_options(lmer.df = "kenward-roger", pbkrtest.limit = 1e4)
linear <- list(
  by = table_of(emmeans(reml, ~ arm | sex)),
  by_differences = table_of(pairs(emmeans(reml, ~ arm | sex), reverse = TRUE)),
  arm = table_of(emmeans(reml, ~ arm)),
  sample = table_of(emmeans(reml, ~ arm, weights = "proportional")),
  at = table_of(emmeans(reml, ~ arm, at = list(age = 50, sex = "M"))))
centre_means <- emmeans(reml, ~ centre)
together <- as.data.frame(confint(pairs(centre_means, reverse = TRUE), adjust = "mvt"))
linear$together <- list(estimate = together$estimate, low = together$lower.CL,
                        high = together$upper.CL)

logistic <- glmer(event ~ arm * sex + centre + age + (1 | cluster), d, binomial, nAGQ = 7,
  control = glmerControl("bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e6)))
odds <- list(
  logit = table_of(emmeans(logistic, ~ arm | sex)),
  response = table_of(emmeans(logistic, ~ arm | sex, type = "response")),
  ratios = table_of(pairs(emmeans(logistic, ~ arm | sex, type = "response"), reverse = TRUE)))
V <- as.matrix(vcov(logistic)); b <- fixef(logistic)
wald <- function(m) { e <- m %*% b; as.numeric(t(e) %*% solve(m %*% V %*% t(m), e)) }
odds$coef <- as.list(unname(b)); odds$cov <- unname(V)
odds$sd <- as.data.frame(VarCorr(logistic))$sdcor
odds$wald <- lapply(questions[c("centre", "arm_any")], wald)

# Profiles: the deviance with a coefficient held by an offset, and a root of it.
profile_of <- function(deviance_at, estimate, error) {
  q <- qchisq(0.95, 1); f <- function(v) deviance_at(v) - q
  c(uniroot(f, c(estimate - 6 * error, estimate), tol = 1e-10)$root,
    uniroot(f, c(estimate, estimate + 6 * error), tol = 1e-10)$root)
}
X <- model.matrix(ml); se <- sqrt(diag(as.matrix(vcov(ml))))
held_linear <- function(k) function(v) {
  dd <- d; dd$rest <- d$score - v * X[, k]
  W <- X[, -k, drop = FALSE]
  f <- lmer(rest ~ 0 + W + (1 | cluster), dd, REML = FALSE, control = tight)
  as.numeric(2 * (logLik(ml) - logLik(f)))
}
chosen <- c(2, 6)
profiles <- list(terms = names_of[chosen],
  linear = lapply(chosen, function(k) profile_of(held_linear(k), fixef(ml)[k], se[k])))
cat("profiles of variances", format(Sys.time()), "\n")
pr <- confint(profile(ml, which = "theta_", delta = 0.1))
cat("done", format(Sys.time()), "\n")
profiles$linear_sd <- list(cluster = unname(pr[".sig01", ]), residual = unname(pr[".sigma", ]))

cox <- coxph(Surv(time, status) ~ arm + sex + centre, d, ties = "breslow",
             control = coxph.control(eps = 1e-10, toler.chol = 1e-11, iter.max = 50))
cox_less <- update(cox, . ~ . - centre)
held_cox <- function(v) {
  f <- coxph(Surv(time, status) ~ offset(v * (arm == "peer")) + sex + centre, d, ties = "breslow",
             control = coxph.control(eps = 1e-10, toler.chol = 1e-11, iter.max = 50))
  2 * (cox$loglik[2] - f$loglik[2])
}
profiles$cox <- profile_of(held_cox, coef(cox)[1], sqrt(vcov(cox)[1, 1]))

ml_less <- update(ml, . ~ . - centre)
comparisons <- list(
  linear = list(statistic = anova(ml, ml_less)$Chisq[2], df = anova(ml, ml_less)$Df[2],
                p = anova(ml, ml_less)[["Pr(>Chisq)"]][2], aic = c(AIC(ml_less), AIC(ml)),
                bic = c(BIC(ml_less), BIC(ml))),
  cox = list(statistic = 2 * (cox$loglik[2] - cox_less$loglik[2]), df = 2,
             aic = c(AIC(cox_less), AIC(cox)), bic = c(BIC(cox_less), BIC(cox))))

# Quantiles of the largest absolute t: Tukey's are exact, Dunnett's by mvtnorm.
R3 <- matrix(c(1, .5, .5, .5, 1, .5, .5, .5, 1), 3)
R4 <- toeplitz(c(1, 0.6, 0.3, 0.1))
probability <- function(c, R, df) pmvt(rep(-c, nrow(R)), rep(c, nrow(R)), df = df, corr = R,
  algorithm = GenzBretz(maxpts = 2e5, abseps = 1e-7))[1]
quantiles <- list(
  dunnett3_at_2.35 = probability(2.35, R3, 0), toeplitz4_df10_at_2.8 = probability(2.8, R4, 10),
  tukey3_df20 = qtukey(0.95, 3, 20) / sqrt(2), tukey4_inf = qtukey(0.95, 4, Inf) / sqrt(2))

write_json(list(kenward_roger = kr, satterthwaite = satterthwaite, linear = linear,
  logistic = odds, profiles = profiles, comparisons = comparisons, quantiles = quantiles),
  file.path(folder, "questions.json"), digits = NA, auto_unbox = TRUE, pretty = TRUE)
writeLines(capture.output(sessionInfo()), file.path(folder, "questions_session.txt"))
