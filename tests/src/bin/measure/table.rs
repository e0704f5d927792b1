//! Tables for a terminal: columns as wide as what stands in them, words to the left and figures to the right.

use std::fmt;

/// A table under a heading.
pub struct Table {
    heading: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with the names of its columns.
    pub fn new<const N: usize>(heading: impl Into<String>, columns: [&str; N]) -> Table {
        Table { heading: heading.into(), rows: vec![columns.map(str::to_owned).to_vec()] }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        // A column is one of figures if everything below its name begins like one.
        let is_figure = |cell: &String| cell.is_empty() || cell.starts_with(|first: char| first.is_ascii_digit());
        let figures: Vec<bool> =
            (0..columns).map(|column| self.rows.iter().skip(1).all(|row| is_figure(&row[column]))).collect();
        writeln!(out, "\n{}\n", self.heading)?;
        for (number, row) in self.rows.iter().enumerate() {
            let cells = row.iter().enumerate().map(|(column, cell)| {
                let width = widths[column];
                if figures[column] { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
            if number == 0 {
                writeln!(out, "{}", widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  "))?;
            }
        }
        Ok(())
    }
}

/// A budget, what was measured against it, and whether it holds.
pub struct Budgets(Table);

impl Budgets {
    /// None so far.
    pub fn new(heading: &str) -> Budgets {
        Budgets(Table::new(heading, ["what", "budget", "measured", "holds"]))
    }

    /// Adds one.
    pub fn add(&mut self, what: &str, budget: &str, measured: &str, holds: bool) {
        self.0.row([what, budget, measured, verdict(holds)].map(str::to_owned));
    }

    /// Adds what was measured without a budget.
    pub fn note(&mut self, what: &str, measured: &str) {
        self.0.row([what, "", measured, ""].map(str::to_owned));
    }
}

impl fmt::Display for Budgets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Whether a budget holds, in a word that is easily found.
pub fn verdict(holds: bool) -> &'static str {
    if holds { "yes" } else { "NO" }
}
