# What is compared. Arguments after R's answer are those of our function.
logit <- binomial(); pois <- poisson()
kr <- function(data, f, cluster, ...) case(data, "mixed_linear", f, lmm(cluster, TRUE, "kenward_roger"), cluster = cluster, method = "reml", df = "kenward_roger", ...)
satterthwaite <- function(data, f, cluster) case(data, "mixed_linear", f, lmm(cluster, TRUE, "satterthwaite"), cluster = cluster, method = "reml", df = "satterthwaite")
ml <- function(data, f, cluster) case(data, "mixed_linear", f, lmm(cluster, FALSE), cluster = cluster, method = "ml")

# mixed_linear
for (run in c(kr, satterthwaite, ml)) {
  run("Dyestuff", Yield ~ 1, "Batch")
  run("Pastes", strength ~ cask, "batch")
  run("Penicillin", diameter ~ sample, "plate")
  run("cake", angle ~ recipe * temp, "whole")
  run("Machines", score ~ Machine, "Worker")
  run("Rail", travel ~ 1, "Rail")
  run("ergoStool", effort ~ 0 + Type, "Subject")
  run("BodyWeight", weight ~ Diet / Time, "Rat")
  run("RatPupWeight", weight ~ Treatment * sex + Lsize, "Litter")
  run("petrol", Y ~ SG + VP + V10 + EP, "No")
  run("sleep", extra ~ factor(group), "ID")
}
kr("Dyestuff2", Yield ~ 1, "Batch"); ml("Dyestuff2", Yield ~ 1, "Batch")
kr("Oxboys", height ~ poly(age, 3), "Subject")
kr("Rabbit", BPchange ~ log(Dose) * Treatment, "Animal")
kr("nlschools", lang ~ IQ + SES + factor(COMB), "class"); ml("nlschools", lang ~ IQ + SES + factor(COMB), "class")
kr("CO2", uptake ~ 0 + Type:Treatment + log(conc), "Plant")
kr("Loblolly", height ~ bs(age, df = 4), "Seed")
kr("Orange", circumference ~ I(age / 100) + I((age / 100)^2), "Tree")
kr("genotype", Wt ~ Litter, "Mother")
# residual variances by group, and a random effect in one group
for (reml in c(TRUE, FALSE)) {
  method <- if (reml) "reml" else "ml"; df <- if (reml) "satterthwaite" else "normal"
  case("RatPupWeight", "mixed_linear", weight ~ Treatment + sex + Lsize, lmm("Litter", reml, df, by = "Treatment"),
       cluster = "Litter", method = method, df = df, residual_by = "Treatment")
  case("Penicillin", "mixed_linear", diameter ~ sample, lmm("plate", reml, df, by = "sample"), cluster = "plate", method = method, df = df, residual_by = "sample")
  case("RatPupWeight", "mixed_linear", weight ~ Treatment + sex + Lsize, lmm("Litter", reml, df, inside = function(d) d$Treatment == "High"),
       cluster = "Litter", method = method, df = df, random = "Treatment[High]")
  case("RatPupWeight", "mixed_linear", weight ~ Treatment + sex, lmm("Litter", reml, df, inside = function(d) d$Treatment == "Control", by = "Treatment"),
       cluster = "Litter", method = method, df = df, random = "Treatment[Control]", residual_by = "Treatment")
}
case("RatPupWeight", "mixed_linear", weight ~ Treatment + sex + Lsize, lmm("Litter", TRUE, "kenward_roger", inside = function(d) d$Treatment == "Low"),
     cluster = "Litter", method = "reml", df = "kenward_roger", random = "Treatment[Low]")

# mixed_logistic, 25 nodes
case("bacteria", "mixed_logistic", y ~ trt + week, function(d, f) glmm("ID", "binomial")(transform(d, y = as.integer(y == "y")), y ~ trt + week), cluster = "ID", points = 25, success = "y")
case("bacteria", "mixed_logistic", y ~ trt * week, function(d, f) glmm("ID", "binomial")(transform(d, y = as.integer(y == "y")), y ~ trt * week), cluster = "ID", points = 25, success = "y")
case("cbpp", "mixed_logistic", incidence ~ factor(period), glmm("herd", "binomial", trials = "size"), cluster = "herd", points = 25, trials = "size")
case("wine", "mixed_logistic", good ~ temp + contact, glmm("judge", "binomial"), cluster = "judge", points = 25)
case("wine", "mixed_logistic", good ~ 0 + temp:contact, glmm("judge", "binomial"), cluster = "judge", points = 25)
case("snails", "mixed_logistic", Deaths ~ Species + Exposure + Rel.Hum, function(d, f) glmm("Temp", "binomial", trials = "N")(d, f), cluster = "Temp", points = 25, trials = "N")
case("esoph", "mixed_logistic", ncases ~ alcohol + tobacco, glmm("age", "binomial", trials = "n"), cluster = "age", points = 25, trials = "n")
case("diabetic", "mixed_logistic", status ~ trt * laser, glmm("id", "binomial"), cluster = "id", points = 25)
case("bacteria", "mixed_logistic", y ~ trt + week, function(d, f) glmm("ID", "binomial", inside = function(d) d$trt == "placebo")(transform(d, y = as.integer(y == "y")), y ~ trt + week), cluster = "ID", points = 25, success = "y", random = "trt[placebo]")

# mixed_poisson, 25 nodes
case("grouseticks", "mixed_poisson", TICKS ~ factor(YEAR) + cHEIGHT, glmm("BROOD", "poisson"), cluster = "BROOD", points = 25)
case("epil", "mixed_poisson", y ~ lbase * trt + lage + V4, glmm("subject", "poisson"), cluster = "subject", points = 25)
case("epil", "mixed_poisson", y ~ trt, glmm("subject", "poisson", offset = function(d) log(d$base)), cluster = "subject", points = 25, exposure = "base")
case("epil", "mixed_poisson", y ~ trt + lbase, glmm("subject", "poisson", inside = function(d) d$trt == "progabide"), cluster = "subject", points = 25, random = "trt[progabide]")
case("prussian", "mixed_poisson", y ~ I(year - 75), glmm("corp", "poisson"), cluster = "corp", points = 25)
case("ships", "mixed_poisson", incidents ~ factor(year) + factor(period), glmm("type", "poisson", offset = function(d) log(d$service)), cluster = "type", points = 25, exposure = "service")
case("Insurance", "mixed_poisson", Claims ~ Group, glmm("Age", "poisson", offset = function(d) log(d$Holders)), cluster = "Age", points = 25, exposure = "Holders")

# logistic_regression
case("birthwt", "logistic_regression", low ~ age + lwt + factor(race) + smoke + ht + ui, regression(logit))
case("birthwt", "logistic_regression", low ~ bs(lwt, df = 4) + smoke, regression(logit))
case("infert", "logistic_regression", case ~ spontaneous + induced + education, regression(logit))
case("nodal", "logistic_regression", r ~ aged + stage + grade + xray + acid, regression(logit))
case("urine", "logistic_regression", r ~ gravity + ph + calc, regression(logit))
case("Mroz", "logistic_regression", lfp ~ k5 + k618 + age + wc * hc + inc, function(d, f) regression(logit)(transform(d, lfp = as.integer(lfp == "yes")), f), success = "yes")
case("menarche", "logistic_regression", Menarche ~ Age, regression(logit, trials = "Total"), trials = "Total")
case("snails", "logistic_regression", Deaths ~ Species * Exposure + Rel.Hum + Temp, regression(logit, trials = "N"), trials = "N")
case("anes96", "logistic_regression", vote ~ 0 + factor(educ) + income + PID, regression(logit))
case("epil", "logistic_regression", V4 ~ trt + lage, regression(logit, offset = function(d) d$lbase), offset = "lbase")
case("esoph", "logistic_regression", ncases ~ factor(age) + alcohol, regression(logit, trials = "n"), trials = "n")

# modified_poisson
case("birthwt", "modified_poisson", low ~ smoke + factor(race) + ht, regression(pois, errors = "sandwich"), inference = "sandwich")
case("infert", "modified_poisson", case ~ spontaneous + age, regression(pois, "stratum", "sandwich"), cluster = "stratum", inference = "sandwich")
case("diabetic", "modified_poisson", status ~ trt * laser, regression(pois, "id", "sandwich"), cluster = "id", inference = "sandwich")
case("retinopathy", "modified_poisson", status ~ trt + type, regression(pois, "id", "sandwich"), cluster = "id", inference = "sandwich")
case("cbpp", "modified_poisson", incidence ~ factor(period), regression(pois, "herd", "sandwich", trials = "size"), cluster = "herd", inference = "sandwich", trials = "size")

# poisson
case("warpbreaks", "poisson", breaks ~ wool * tension, regression(pois), inference = "model")
case("warpbreaks", "poisson", breaks ~ 0 + wool:tension, regression(pois, errors = "sandwich"), inference = "sandwich")
case("InsectSprays", "poisson", count ~ 0 + spray, regression(pois), inference = "model")
case("quine", "poisson", Days ~ Eth + Sex + Age + Lrn, regression(pois, errors = "sandwich"), inference = "sandwich")
case("Insurance", "poisson", Claims ~ factor(District) + Group + Age, regression(pois, offset = function(d) log(d$Holders)), inference = "model", exposure = "Holders")
case("ships", "poisson", incidents ~ type + factor(year) + factor(period), regression(pois, offset = function(d) log(d$service)), inference = "model", exposure = "service")
case("breslow", "poisson", y ~ factor(age) + smoke, regression(pois, offset = function(d) log(d$n)), inference = "model", exposure = "n")
case("prussian", "poisson", y ~ I(year - 75), regression(pois, "corp", "sandwich"), inference = "sandwich", cluster = "corp")
case("epil", "poisson", y ~ trt + lbase, regression(pois, "subject", "sandwich"), inference = "sandwich", cluster = "subject")
case("epil", "poisson", y ~ trt, regression(pois, "subject", "sandwich", sampled = "age"), inference = "sandwich", cluster = "subject", weights = "age", weight_type = "sampling")
case("epil", "poisson", y ~ trt + lage, regression(pois, often = "period"), inference = "model", weights = "period")
case("randhie", "poisson", mdvis ~ lncoins + idp + physlm + disea, regression(pois), inference = "model")
case("Medicaid1986", "poisson", visits ~ program * health1 + access, regression(pois), inference = "model")

# negative_binomial
for (errors in c("model", "sandwich")) {
  case("quine", "negative_binomial", Days ~ Eth + Sex + Age, counts(errors = errors), inference = errors)
  case("bioChemists", "negative_binomial", art ~ fem + mar + kid5 + phd + ment, counts(errors = errors), inference = errors)
}
case("RecreationDemand", "negative_binomial", trips ~ quality + ski + income + costS, counts(), inference = "model")
case("Medicaid1986", "negative_binomial", visits ~ children + age + health1 + access, counts(), inference = "model")
case("randhie", "negative_binomial", mdvis ~ lncoins + idp + physlm + disea, counts(), inference = "model")
case("Ornstein", "negative_binomial", interlocks ~ log(assets) + nation, counts(), inference = "model")
case("grouseticks", "negative_binomial", TICKS ~ factor(YEAR) + cHEIGHT, counts(cluster = "BROOD", errors = "sandwich"), inference = "sandwich", cluster = "BROOD")
case("epil", "negative_binomial", y ~ trt, counts(cluster = "subject", errors = "sandwich", offset = function(d) log(d$base)), inference = "sandwich", cluster = "subject", exposure = "base")

# zero_inflated_nb
case("bioChemists", "zero_inflated_nb", art ~ fem + kid5 + ment, counts(~ ment), inflation = "ment", inference = "model")
case("bioChemists", "zero_inflated_nb", art ~ fem + ment, counts(~ ment, errors = "sandwich"), inflation = "ment", inference = "sandwich")
case("Ornstein", "zero_inflated_nb", interlocks ~ log(assets), counts(~ log(assets)), inflation = "np.log(assets)", inference = "model")
case("Affairs", "zero_inflated_nb", affairs ~ rating + yearsmarried, counts(~ religiousness + gender), inflation = "religiousness + gender", inference = "model")
case("Affairs", "zero_inflated_nb", affairs ~ children, counts(~ children, errors = "sandwich"), inflation = "children", inference = "sandwich")
case("Medicaid1986", "zero_inflated_nb", visits ~ health1 + age, counts(~ program + access), inflation = "program + access", inference = "model")
case("grouseticks", "zero_inflated_nb", TICKS ~ cHEIGHT, counts(~ 1, cluster = "BROOD", errors = "sandwich"), inflation = "1", inference = "sandwich", cluster = "BROOD")

# linear_regression
for (errors in c("cr2", "sandwich")) {
  case("Grunfeld", "linear_regression", invest ~ value + capital, least_squares("firm", errors), cluster = "firm", inference = errors)
  case("USAirlines", "linear_regression", logcost ~ log(output) + log(price) + load, least_squares("firm", errors), cluster = "firm", inference = errors)
  case("Fatalities", "linear_regression", fatal ~ beertax + unemp + factor(year), least_squares("state", errors), cluster = "state", inference = errors)
  case("nlschools", "linear_regression", lang ~ IQ + SES + factor(COMB), least_squares("class", errors), cluster = "class", inference = errors)
  case("RatPupWeight", "linear_regression", weight ~ Treatment * sex + Lsize, least_squares("Litter", errors), cluster = "Litter", inference = errors)
  case("Rabbit", "linear_regression", BPchange ~ Treatment + Dose, least_squares("Animal", errors), cluster = "Animal", inference = errors)
}
case("Fatalities", "linear_regression", fatal ~ beertax + unemp, least_squares("state", "cr2", sampled = "pop"), cluster = "state", inference = "cr2", weights = "pop", weight_type = "sampling")
case("PlantGrowth", "linear_regression", weight ~ group, least_squares(), inference = "model")
case("PlantGrowth", "linear_regression", weight ~ group, least_squares(NULL, "cr2"), inference = "cr2")
case("anorexia", "linear_regression", Postwt ~ Prewt * Treat, least_squares(), inference = "model")
case("anorexia", "linear_regression", Postwt ~ Treat, least_squares(NULL, "cr2", offset = "Prewt"), inference = "cr2", offset = "Prewt")
case("chickwts", "linear_regression", weight ~ 0 + feed, least_squares(), inference = "model")
case("npk", "linear_regression", yield ~ factor(block) + factor(N) * factor(P) * factor(K) - factor(N):factor(P):factor(K), least_squares(), inference = "model")
case("Moore", "linear_regression", conformity ~ fcategory * partner.status, least_squares(NULL, "cr2"), inference = "cr2")
case("Salaries", "linear_regression", salary ~ rank + discipline + sex + bs(service, df = 4), least_squares(), inference = "model")
case("engel", "linear_regression", foodexp ~ income, least_squares(NULL, "cr2"), inference = "cr2")
case("statecrime", "linear_regression", murder ~ urban + poverty + hs_grad + single, least_squares(), inference = "model")

# cox
for (ties in c("breslow", "efron")) {
  case("ovarian", "cox", ~ age + rx + resid.ds, hazards("futime", "fustat", ties = ties), time = "futime", event = "fustat", ties = ties)
  case("aml", "cox", ~ x, hazards("time", "status", ties = ties), time = "time", event = "status", ties = ties)
  case("gbsg", "cox", ~ hormon + factor(grade) + bs(age, df = 4) + I(log(nodes)), hazards("rfstime", "status", ties = ties), time = "rfstime", event = "status", ties = ties)
  case("colon", "cox", ~ rx * node4, hazards("time", "status", ties = ties), time = "time", event = "status", ties = ties)
  case("colon", "cox", ~ rx + obstruct + age, hazards("time", "status", ties = ties, strata = "sex"), time = "time", event = "status", ties = ties, strata = "sex")
  case("Rossi", "cox", ~ fin + age + race + mar + prio, hazards("week", "arrest", ties = ties), time = "week", event = "arrest", ties = ties)
  case("channing", "cox", ~ sex, hazards("exit", "cens", "entry", ties = ties), time = "exit", event = "cens", entry = "entry", ties = ties)
  case("rats", "cox", ~ rx, hazards("time", "status", ties = ties, cluster = "litter", strata = "sex"), time = "time", event = "status", ties = ties, cluster = "litter", strata = "sex", inference = "sandwich", small_sample = FALSE)
  case("retinopathy", "cox", ~ trt * type + age, hazards("futime", "status", ties = ties, cluster = "id"), time = "futime", event = "status", ties = ties, cluster = "id", inference = "sandwich", small_sample = FALSE)
  case("larynx", "cox", ~ age + Stage_II + Stage_III + Stage_IV, hazards("time", "death", ties = ties), time = "time", event = "death", ties = ties)
  case("waltons", "cox", ~ group, hazards("T", "E", ties = ties), time = "T", event = "E", ties = ties)
  case("gehan", "cox", ~ treat, hazards("time", "cens", ties = ties, strata = "pair"), time = "time", event = "cens", ties = ties, strata = "pair")
  case("melanoma", "cox", ~ sex + I(log(thickness)) + ulcer, hazards("time", "dead", ties = ties), time = "time", event = "dead", ties = ties)
}
case("stanford2", "cox", ~ poly(age, 2), hazards("time", "status"), time = "time", event = "status")
case("ovarian", "cox", ~ age + rx, hazards("futime", "fustat", offset = "resid.ds"), time = "futime", event = "fustat", offset = "resid.ds")
case("ovarian", "cox", ~ age + rx, hazards("futime", "fustat", often = "resid.ds"), time = "futime", event = "fustat", weights = "resid.ds")
case("ovarian", "cox", ~ age + rx, hazards("futime", "fustat", sampled = "ecog.ps"), time = "futime", event = "fustat", weights = "ecog.ps", weight_type = "sampling", small_sample = FALSE)
# cox with a gamma frailty
case("rats", "cox", ~ rx, hazards("time", "status", frailty = "litter", strata = "sex"), time = "time", event = "status", cluster = "litter", strata = "sex", frailty = "gamma")
case("diabetic", "cox", ~ trt * laser, hazards("time", "status", frailty = "id"), time = "time", event = "status", cluster = "id", frailty = "gamma")
case("retinopathy", "cox", ~ trt + type, hazards("futime", "status", frailty = "id", ties = "efron"), time = "futime", event = "status", cluster = "id", frailty = "gamma", ties = "efron")

# curves
case("aml", "kaplan_meier", NULL, survival_curve("time", "status", "x"), time = "time", event = "status", by = "x")
case("gbsg", "kaplan_meier", NULL, survival_curve("rfstime", "status", "hormon"), time = "rfstime", event = "status", by = "hormon")
case("channing", "kaplan_meier", NULL, survival_curve("exit", "cens", "sex", "entry"), time = "exit", event = "cens", by = "sex", entry = "entry")
case("waltons", "kaplan_meier", NULL, survival_curve("T", "E", "group"), time = "T", event = "E", by = "group")
case("lymphoma", "kaplan_meier", NULL, survival_curve("Time", "Censor", "Stage_group"), time = "Time", event = "Censor", by = "Stage_group")
case("mgus", "cumulative_incidence", NULL, incidence("pctime", "cause", "sex"), time = "pctime", event = "cause", by = "sex")
case("pbc", "cumulative_incidence", NULL, incidence("time", "status", "sex"), time = "time", event = "status", by = "sex")
case("melanoma", "cumulative_incidence", NULL, incidence("time", "cause", "ulcer"), time = "time", event = "cause", by = "ulcer")
case("pbc", "fine_gray", ~ age + sex + log(bili), subdistribution("time", "status", 1), time = "time", event = "status", cause = 1)
case("pbc", "fine_gray", ~ age + log(bili) + albumin, subdistribution("time", "status", 2), time = "time", event = "status", cause = 2)
case("mgus", "fine_gray", ~ age + sex, subdistribution("pctime", "cause", 1), time = "pctime", event = "cause", cause = 1)
case("melanoma", "fine_gray", ~ age + sex + ulcer, subdistribution("time", "cause", 1), time = "time", event = "cause", cause = 1)
case("colon", "restricted_mean", NULL, mean_to("time", "status", 1826, "rx"), time = "time", event = "status", by = "rx", limit = 1826)
case("gbsg", "restricted_mean", NULL, mean_to("rfstime", "status", 1095, "hormon"), time = "rfstime", event = "status", by = "hormon", limit = 1095)
case("aml", "restricted_mean", NULL, mean_to("time", "status", 40, "x"), time = "time", event = "status", by = "x", limit = 40)
