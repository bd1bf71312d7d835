# Questions to repeated visits: adjusted means, differences and joint tests by emmeans and pbkrtest.
#
#   Rscript tests/reference/make_repeated_questions.R tests/reference/data
#
# reads repeated_orthodont.csv and writes questions_repeated.json. Compound symmetry, where lmer with
# pbkrtest has Kenward-Roger's numbers.
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(emmeans); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
d <- read.csv(file.path(folder, "repeated_orthodont.csv"), stringsAsFactors = TRUE)
d$visit <- factor(d$visit)
m <- lmer(y ~ sex * visit + (1 | id), d, control = lmerControl("bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-13)))
emm_options(lmer.df = "kenward-roger", pbkrtest.limit = 1e4)
table_of <- function(x) { s <- as.data.frame(summary(x, infer = TRUE)); as.list(s[sapply(s, is.numeric)]) }
joint <- function(pattern) {
  names <- names(fixef(m)); rows <- grep(pattern, names)
  L <- diag(length(names))[rows, , drop = FALSE]
  s <- KRmodcomp(m, L)$stats
  list(F = s$Fstat, df = s$ndf, ddf = s$ddf, p = s$p.value)
}
answers <- list(
  means = table_of(emmeans(m, ~ sex | visit)),
  differences = table_of(pairs(emmeans(m, ~ sex | visit), reverse = TRUE)),
  overall = table_of(emmeans(m, ~ sex)),
  interaction = joint("^sexMale:visit"), visits = joint("^visit"))
write_json(answers, file.path(folder, "questions_repeated.json"), digits = I(16), auto_unbox = TRUE, pretty = TRUE)
