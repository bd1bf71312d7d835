# Contrasts and joint tests under bias-reduced errors by cluster, by clubSandwich.
#
#   Rscript tests/reference/make_cr2_questions.R tests/reference/data
#
# reads public/RatPupWeight.csv and public/Grunfeld.csv, and writes cr2_questions.json: for each joint
# hypothesis Hotelling's approximation (HTZ), for single contrasts Satterthwaite's degrees of freedom.
suppressMessages({library(clubSandwich); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name) read.csv(file.path(folder, "public", paste0(name, ".csv")), stringsAsFactors = TRUE)
ask <- function(m, cluster, questions) {
  V <- vcovCR(m, cluster, "CR2"); p <- length(coef(m))
  lapply(questions, function(rows) {
    C <- matrix(0, length(rows), p, dimnames = list(NULL, names(coef(m))))
    for (i in seq_along(rows)) C[i, names(rows[[i]])] <- rows[[i]]
    w <- Wald_test(m, C, V, test = "HTZ")
    list(F = w$Fstat, df = w$df_num, ddf = w$df_denom, p = w$p_val)
  })
}
rats <- read("RatPupWeight"); firms <- read("Grunfeld")
answers <- list(
  rats = ask(lm(weight ~ Treatment * sex + Lsize, rats), rats$Litter, list(
    treatment = list(c(TreatmentHigh = 1), c(TreatmentLow = 1)),
    interaction = list(c("TreatmentHigh:sexMale" = 1), c("TreatmentLow:sexMale" = 1)),
    males = list(c(TreatmentHigh = 1, "TreatmentHigh:sexMale" = 1), c(TreatmentLow = 1, "TreatmentLow:sexMale" = 1)),
    high_in_males = list(c(TreatmentHigh = 1, "TreatmentHigh:sexMale" = 1)),
    high_against_low = list(c(TreatmentHigh = 1, TreatmentLow = -1)),
    all = list(c(TreatmentHigh = 1), c(TreatmentLow = 1), c(sexMale = 1), c(Lsize = 1),
               c("TreatmentHigh:sexMale" = 1), c("TreatmentLow:sexMale" = 1)))),
  firms = ask(lm(invest ~ value + capital, firms), firms$firm, list(
    both = list(c(value = 1), c(capital = 1)), difference = list(c(value = 1, capital = -1)))))
write_json(answers, file.path(folder, "cr2_questions.json"), digits = I(16), auto_unbox = TRUE, pretty = TRUE)
session <- capture.output(sessionInfo())
writeLines(session[!grepl("BLAS|LAPACK|^Matrix", session)], file.path(folder, "cr2_questions_session.txt"))
