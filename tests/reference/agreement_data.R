# The public data sets of make_agreement.R: columns and complete rows that are used, with source and licence.
gpl <- "GPL 2 or later"; gpl23 <- "GPL 2 or 3"; lgpl <- "LGPL 2 or later"; free <- "unlimited"

data_sets <- function(folder) {
  sources <- list(); sets <- list()
  take <- function(name, package, columns = NULL, licence, rows = NULL, from = name, change = identity, part = "all rows") {
    e <- new.env(); suppressWarnings(data(list = from, package = package, envir = e))
    d <- as.data.frame(if (length(ls(e))) e[[ls(e)[1]]] else getExportedValue(package, from))
    d <- change(d)
    if (!is.null(columns)) d <- d[columns]
    complete <- complete.cases(d)
    if (!all(complete)) part <- "complete rows"
    d <- d[complete, , drop = FALSE]
    if (!is.null(rows)) { d <- d[rows(d), , drop = FALSE] }
    d[] <- lapply(d, function(x) if (is.factor(x)) as.character(x) else x)
    path <- file.path(folder, paste0(name, ".csv"))
    write.csv(format(d, digits = 15, trim = TRUE), path, row.names = FALSE, quote = FALSE)
    sets[[name]] <<- read.csv(path, stringsAsFactors = TRUE)
    sources[[name]] <<- data.frame(name, rows = nrow(d), part, software = "R", package,
      version = as.character(packageVersion(package)), original = from, licence)
  }
  # linear models with clusters
  take("Dyestuff", "lme4", licence = gpl)
  take("Dyestuff2", "lme4", licence = gpl)
  take("Pastes", "lme4", licence = gpl)
  take("Penicillin", "lme4", licence = gpl)
  take("cake", "lme4", c("whole", "recipe", "temp", "angle"), gpl,
       change = function(d) transform(d, whole = paste0(recipe, replicate)))
  take("Machines", "nlme", licence = gpl)
  take("Rail", "nlme", licence = gpl)
  take("ergoStool", "nlme", licence = gpl)
  take("BodyWeight", "nlme", licence = gpl)
  take("Oxboys", "nlme", c("Subject", "age", "height"), gpl)
  take("RatPupWeight", "nlme", licence = gpl)
  take("petrol", "MASS", licence = gpl23)
  take("genotype", "MASS", licence = gpl23)
  take("Rabbit", "MASS", licence = gpl23)
  take("nlschools", "MASS", c("lang", "IQ", "class", "SES", "COMB"), gpl23, part = "40 classes",
       rows = function(d) d$class %in% unique(d$class)[1:40])
  take("CO2", "datasets", licence = gpl)
  take("Loblolly", "datasets", licence = gpl)
  take("Orange", "datasets", licence = gpl)
  take("sleep", "datasets", licence = gpl)
  # binary outcomes
  take("bacteria", "MASS", c("y", "week", "ID", "trt"), gpl23)
  take("cbpp", "lme4", licence = gpl)
  take("wine", "ordinal", c("good", "temp", "contact", "judge"), gpl,
       change = function(d) transform(d, good = as.integer(as.integer(rating) > 3)))
  take("birthwt", "MASS", licence = gpl23)
  take("infert", "datasets", c("education", "age", "parity", "induced", "case", "spontaneous", "stratum"), gpl)
  take("esoph", "datasets", licence = gpl, change = function(d) transform(d, age = as.integer(agegp),
       n = ncases + ncontrols, alcohol = as.integer(alcgp), tobacco = as.integer(tobgp),
       agegp = NULL, alcgp = NULL, tobgp = NULL))
  take("snails", "MASS", licence = gpl23)
  take("menarche", "MASS", licence = gpl23)
  take("nodal", "boot", licence = free)
  take("urine", "boot", licence = free)
  take("Mroz", "carData", c("lfp", "k5", "k618", "age", "wc", "hc", "inc"), gpl)
  # counts
  take("grouseticks", "lme4", c("TICKS", "BROOD", "YEAR", "cHEIGHT"), gpl)
  take("epil", "MASS", licence = gpl23)
  take("quine", "MASS", licence = gpl23)
  take("Insurance", "MASS", licence = gpl23, change = function(d) transform(d,
       Group = factor(Group, ordered = FALSE), Age = factor(Age, ordered = FALSE)))
  take("ships", "MASS", licence = gpl23, rows = function(d) d$service > 0, part = "ships at sea")
  take("warpbreaks", "datasets", licence = gpl)
  take("InsectSprays", "datasets", licence = gpl)
  take("breslow", "boot", licence = free)
  take("bioChemists", "pscl", licence = "GPL 2")
  take("prussian", "pscl", licence = "GPL 2")
  take("RecreationDemand", "AER", licence = gpl23)
  take("Affairs", "AER", licence = gpl23)
  take("Medicaid1986", "AER", c("visits", "children", "age", "income", "health1", "access", "program"), gpl23)
  take("Ornstein", "carData", licence = gpl)
  # linear models without clusters, or with robust errors
  take("anorexia", "MASS", licence = gpl23)
  take("PlantGrowth", "datasets", licence = gpl)
  take("chickwts", "datasets", licence = gpl)
  take("npk", "datasets", licence = gpl)
  take("Grunfeld", "AER", licence = gpl23)
  take("USAirlines", "AER", licence = gpl23, change = function(d) transform(d, logcost = log(cost)))
  take("Fatalities", "AER", c("state", "year", "unemp", "beertax", "fatal", "pop"), gpl23)
  take("Moore", "carData", licence = gpl)
  take("Salaries", "carData", c("rank", "discipline", "sex", "service", "salary"), gpl,
       change = function(d) transform(d, service = yrs.service))
  # times to events
  take("ovarian", "survival", licence = lgpl)
  take("aml", "survival", licence = lgpl)
  take("rats", "survival", licence = lgpl)
  take("retinopathy", "survival", c("id", "laser", "age", "type", "trt", "futime", "status"), lgpl)
  take("diabetic", "survival", c("id", "laser", "age", "trt", "time", "status"), lgpl)
  take("gbsg", "survival", licence = lgpl, change = function(d) transform(d, pid = NULL))
  take("pbc", "survival", c("time", "status", "trt", "age", "sex", "edema", "bili", "albumin"), lgpl)
  take("colon", "survival", c("rx", "sex", "age", "obstruct", "node4", "status", "time"), lgpl, part = "deaths",
       change = function(d) d[d$etype == 2, ])
  take("mgus", "survival", c("age", "sex", "pctime", "cause", "futime", "death"), lgpl,
       change = function(d) transform(d, cause = ifelse(!is.na(pctime), 1, 2 * death), pctime = ifelse(is.na(pctime), futime, pctime)))
  take("stanford2", "survival", c("time", "status", "age"), lgpl)
  take("channing", "boot", licence = free, rows = function(d) d$exit > d$entry, part = "residents with time in it")
  take("melanoma", "boot", licence = free, change = function(d) transform(d, cause = c(1, 0, 2)[status], dead = as.integer(status == 1)))
  take("gehan", "MASS", licence = gpl23)
  take("Rossi", "carData", c("week", "arrest", "fin", "age", "race", "mar", "prio"), gpl)
  # from Python's packages: their files are read where they are committed already
  for (name in c("larynx", "waltons", "lymphoma", "anes96", "statecrime", "engel", "randhie")) {
    path <- file.path(folder, paste0(name, ".csv"))
    if (file.exists(path)) sets[[name]] <- read.csv(path, stringsAsFactors = TRUE)
  }
  write.csv(do.call(rbind, sources), file.path(folder, "sources_r.csv"), row.names = FALSE)
  sets
}
