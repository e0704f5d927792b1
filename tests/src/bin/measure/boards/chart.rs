//! What the sizes come to, as a picture.

use std::path::Path;

use plotters::prelude::*;

/// One line of the picture.
pub struct Line {
    pub name: String,
    /// Members, and read units.
    pub points: Vec<(f64, f64)>,
}

/// Draws read units by members, both on logarithmic scales.
pub fn draw(file: &Path, lines: &[Line]) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| format!("{} cannot be drawn: {error}", file.display());
    let root = SVGBackend::new(file, (820, 460)).into_drawing_area();
    root.fill(&WHITE).map_err(|error| text(&error))?;
    let points = || lines.iter().flat_map(|line| &line.points);
    let most = points().map(|point| point.1).fold(1.0, f64::max) * 2.0;
    let last = points().map(|point| point.0).fold(10.0, f64::max);
    let mut chart = ChartBuilder::on(&root)
        .caption("Read units of one answer, by members of the board", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(70)
        .build_cartesian_2d((1_000.0..last).log_scale(), (0.3..most).log_scale())
        .map_err(|error| text(&error))?;
    chart
        .configure_mesh()
        .x_desc("members")
        .y_desc("read units")
        .x_label_formatter(&|members| crate::figures::thousands(*members as usize))
        .draw()
        .map_err(|error| text(&error))?;
    for (number, line) in lines.iter().enumerate() {
        let colour = Palette99::pick(number).to_rgba();
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))
            .map_err(|error| text(&error))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 20, y)], colour.stroke_width(2)));
        chart
            .draw_series(line.points.iter().map(|point| Circle::new(*point, 3, colour.filled())))
            .map_err(|error| text(&error))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(|error| text(&error))?;
    root.present().map_err(|error| text(&error))
}
