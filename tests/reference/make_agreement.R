# Public data sets, and what R says of them: the references of docs/agreement.md.
#
#   Rscript tests/reference/make_agreement.R tests/reference/data/public [model ...]
#
# writes <set>.csv for each data set, sources.csv (where it is from, its licence), answers.json (for each
# case: data, model, formula and arguments as our function takes them, and R's answer) and session.txt.
# With names of models it makes their answers anew and keeps the others.
#
# Random effects, negative binomials and gamma frailties are maximised here, by Newton steps with numeric derivatives
# (numDeriv) on the likelihood written out, for the packages' own searches stop at 1e-3 to 1e-6; the
# packages' fits are the starts, and Kenward-Roger's numbers are pbkrtest's. The rest is glm, lm,
# coxph, survfit and crr at tight tolerances, with sandwich and clubSandwich.
Sys.setlocale("LC_COLLATE", "C")
suppressMessages({
  library(lme4); library(lmerTest); library(pbkrtest); library(survival); library(cmprsk); library(numDeriv)
  library(sandwich); library(clubSandwich); library(statmod); library(splines); library(jsonlite)
})
given <- commandArgs(trailingOnly = TRUE)
folder <- given[1]
chosen <- given[-1]
here <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
source(file.path(dirname(here), "agreement_data.R"))
source(file.path(dirname(here), "agreement_fits.R"))
sets <- data_sets(folder)

answers_file <- file.path(folder, "answers.json")
answers <- list()
if (length(chosen) && file.exists(answers_file)) {
  answers <- Filter(function(a) !(a$model %in% chosen), fromJSON(answers_file, simplifyVector = FALSE))
}

# A formula as ours reads it.
ours <- function(f) {
  text <- gsub("\\s+", " ", paste(deparse(f, width.cutoff = 500), collapse = " "))
  text <- gsub("factor(", "C(", gsub("log(", "np.log(", gsub("^", "**", text, fixed = TRUE), fixed = TRUE), fixed = TRUE)
  sub("^~ ", "", text)
}
case <- function(data, model, f, answer, ..., note = NULL) {
  if (length(chosen) && !(model %in% chosen)) return(invisible())
  found <- tryCatch(answer(sets[[data]], f), error = function(e) {
    message(data, " ", model, ": ", conditionMessage(e)); NULL })
  if (is.null(found)) return(invisible())
  formula <- if (is.null(f)) NULL else ours(f)
  answers[[length(answers) + 1]] <<- list(data = data, model = model, formula = formula,
    arguments = list(...), answer = found)
  cat(format(Sys.time(), "%H:%M:%S"), data, model, formula, "\n")
}
source(file.path(dirname(here), "agreement_cases.R"))

writeLines(paste0("[\n", paste(vapply(answers, function(a)
  as.character(toJSON(a, digits = I(16), auto_unbox = TRUE, na = "null", null = "null")), ""), collapse = ",\n"), "\n]"), answers_file)
session <- capture.output(sessionInfo())
writeLines(session[!grepl("BLAS|LAPACK|^Matrix", session)], file.path(folder, "session.txt"))
