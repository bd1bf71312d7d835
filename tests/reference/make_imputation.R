# References for imputation and for two-stage least squares. Run from the root of the repository:
#   Rscript tests/reference/make_imputation.R
# It writes imputation_*.csv and .json, compliers_iv.csv and .json, and imputation_session.txt.
suppressPackageStartupMessages({
  library(mice); library(pan); library(AER); library(sandwich); library(boot); library(jsonlite)
})
out <- "tests/reference/data/imputation"
set.seed(2018)

# One clustered arm: y given x, 24 workers of unequal size, a third of y missing at random given x
n <- 180
worker <- sample(1:24, n, TRUE, prob = (1:24) + 4)
x <- round(rnorm(n), 3)
y <- round(0.6 * x + rnorm(24, 0, 0.6)[worker] + rnorm(n), 3)
y[runif(n) < plogis(-0.9 + 0.8 * x)] <- NA
one <- data.frame(worker, x, y)
write.csv(one, file.path(out, "one_arm.csv"), row.names = FALSE, na = "")

summarise <- function(completed) {
  means <- sapply(completed, function(d) mean(d$y))
  within <- sapply(completed, function(d) var(d$y) / nrow(d))
  slope <- sapply(completed, function(d) coef(lm(y ~ x, d))[[2]])
  icc <- sapply(completed, function(d) {
    a <- anova(lm(y ~ factor(worker), d))
    n0 <- (nrow(d) - sum(table(d$worker)^2) / nrow(d)) / (length(unique(d$worker)) - 1)
    (a[1, 3] - a[2, 3]) / (a[1, 3] + (n0 - 1) * a[2, 3])
  })
  list(m = length(completed), mean = mean(means), mean_sd = sd(means),
       slope = mean(slope), slope_sd = sd(slope), icc = mean(icc), icc_sd = sd(icc))
}
many <- function(method, type, m) {
  pred <- matrix(0, 3, 3, dimnames = list(names(one), names(one)))
  pred["y", ] <- type
  imp <- mice(one, m = m, maxit = 1, method = c("", "", method), predictorMatrix = pred,
              printFlag = FALSE, seed = 1)
  lapply(1:m, function(i) complete(imp, i))
}
norm <- summarise(many("norm", c(0, 1, 0), 2000))
pmm <- summarise(many("pmm", c(0, 1, 0), 2000))
pan <- summarise(many("2l.pan", c(-2, 1, 0), 1000))
writeLines(toJSON(list(norm = norm, pmm = pmm, pan = pan), digits = 15, auto_unbox = TRUE,
                  pretty = TRUE), file.path(out, "one_arm.json"))

# Two-stage least squares with a covariate, workers in one arm
n <- 240
z <- rep(0:1, n / 2)
willing <- runif(n) < 0.65
w <- ifelse(z == 1, paste0("w", sample(1:12, n, TRUE)), paste0("p", 1:n))
age <- round(rnorm(n), 2)
d <- as.integer(z & willing)
score <- round(1 + 0.8 * willing + 0.9 * d + 0.3 * age +
               ifelse(z == 1, rnorm(12, 0, 0.5)[as.integer(sub("[wp]", "", w)) %% 12 + 1], 0) +
               rnorm(n), 3)
iv <- data.frame(z, d, w, age, score)
write.csv(iv, file.path(out, "instrument.csv"), row.names = FALSE)
fit <- ivreg(score ~ d + age | z + age, data = iv)
se <- function(v) unname(sqrt(diag(v)))
diagnostics <- summary(fit, diagnostics = TRUE)$diagnostics
writeLines(toJSON(list(
  coef = unname(coef(fit)), iid = se(vcov(fit)), HC0 = se(vcovHC(fit, type = "HC0")),
  HC1 = se(vcovHC(fit, type = "HC1")),
  CR1 = se(vcovCL(fit, cluster = iv$w, type = "HC1", cadjust = TRUE)),
  first_stage_F = diagnostics["Weak instruments", "statistic"]
), digits = 15, auto_unbox = TRUE, pretty = TRUE), file.path(out, "instrument.json"))

# BCa with given draws: boot's own arithmetic
set.seed(7)
v <- round(rexp(50), 4)
b <- boot(v, function(v, i) log(mean(v[i])), R = 1999)
ci <- boot.ci(b, type = c("perc", "bca"), L = empinf(b, type = "jack"))
writeLines(toJSON(list(values = v, draws = as.vector(b$t), percentile = ci$percent[4:5],
                       bca = ci$bca[4:5]), digits = 15, pretty = TRUE),
           file.path(out, "bca.json"))
writeLines(capture.output(sessionInfo()), file.path(out, "session.txt"))
