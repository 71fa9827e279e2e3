// By what lists of the latest overview can be sorted.

export const SORTS = [
  ["value", "Monthly value"],
  ["margin", "Monthly margin"],
  ["balance", "Balance"],
  ["short_on", "Who runs short first"],
  ["name", "Name"],
];
export const PACKAGE_SORTS = [
  ["value", "Monthly value"],
  ["margin", "Monthly margin"],
  ["assignments", "Assignments"],
  ["units", "Units"],
  ["name", "Name"],
];
