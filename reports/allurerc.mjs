// Configuration of the report, read by support/evidence/report.py, which sets the variables used here.
// Allure 3 ignores categories.json among the results: the categories stand here.
const { HOLDFAST_REPORT_NAME, HOLDFAST_REPORT_OUTPUT, HOLDFAST_REPORT_HISTORY, HOLDFAST_REPORT_APPEND } = process.env;

export default {
  name: HOLDFAST_REPORT_NAME,
  output: HOLDFAST_REPORT_OUTPUT,
  historyPath: HOLDFAST_REPORT_HISTORY,
  appendHistory: Boolean(HOLDFAST_REPORT_APPEND), // false when the same results are rendered again
  historyLimit: 30, // runs: about a month of nightly ones; more makes the report large and tells nothing new
  hideLabels: ["framework", "language"],
  plugins: {
    awesome: {
      options: {
        singleFile: true,
        reportLanguage: "en",
        groupBy: ["epic", "feature", "story"], // system, capability, business rule
        defaultSection: "report",
        stepTreeExpansion: "expand_failed_only",
      },
    },
  },
  // The label "concerns" is set by support/evidence/outcome.py.
  categories: {
    rules: [
      { name: "Product: a promise is broken", matchers: { labels: { concerns: "product" } }, groupByMessage: true },
      { name: "Not known: too little was seen to judge", matchers: { labels: { concerns: "verdict" } }, groupByMessage: true },
      { name: "Platform: the cluster below failed", matchers: { labels: { concerns: "platform" } }, groupByMessage: true },
      { name: "Suite: a test or its clean-up failed", matchers: { statuses: ["broken"] }, groupByMessage: true },
    ],
  },
};
