//! Charts in letters: pictures, since mail programs draw nothing, and without a word in them, since words belong where
//! they can be read aloud and grow.

use shared::{Error, Result};
use tiny_skia::{Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform};

/// Twice the size that a letter shows it in, so that it is sharp on a phone.
const WIDTH: f32 = 912.0;
const HEIGHT: f32 = 208.0;
/// Between the two halves.
const GAP: f32 = 48.0;
/// Room for half a dot at every edge.
const MARGIN: f32 = 14.0;
const LINE: f32 = 5.0;
const DOT: f32 = 8.0;
const PAPER: (u8, u8, u8) = (255, 255, 255);
const GROUND: (u8, u8, u8) = (232, 228, 218);

/// What goes into one half.
pub struct Half<'a> {
    /// Its figures in the order of time, with gaps where there is none.
    pub figures: &'a [Option<i64>],
    /// Its colour.
    pub colour: (u8, u8, u8),
}

/// Draws two rows of figures beside each other, each as high as its own figures need, as a PNG.
pub fn draw(halves: [Half<'_>; 2]) -> Result<Vec<u8>> {
    let broken = || Error::internal("A chart could not be drawn.", "no room");
    let mut paper = Pixmap::new(WIDTH as u32, HEIGHT as u32).ok_or_else(broken)?;
    paper.fill(colour(PAPER, 1.0));
    let width = (WIDTH - GAP) / 2.0;
    for (half, left) in halves.into_iter().zip([0.0, width + GAP]) {
        let area = Rect::from_xywh(left, 0.0, width, HEIGHT).ok_or_else(broken)?;
        draw_half(&mut paper, area, &half);
    }
    paper.encode_png().map_err(|cause| Error::internal("A chart could not be written.", cause))
}

fn draw_half(paper: &mut Pixmap, area: Rect, half: &Half<'_>) {
    if let Some(ground) = Rect::from_xywh(area.left(), area.bottom() - 2.0, area.width(), 2.0) {
        paper.fill_rect(ground, &paint(GROUND, 1.0), Transform::identity(), None);
    }
    for run in runs(&points(area, half.figures)) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let mut line = PathBuilder::new();
        line.move_to(first.0, first.1);
        for &(x, y) in &run[1..] {
            line.line_to(x, y);
        }
        let mut below = line.clone();
        below.line_to(last.0, area.bottom() - 2.0);
        below.line_to(first.0, area.bottom() - 2.0);
        below.close();
        // A single figure has no line and nothing below it; then there is only its dot.
        if let Some(below) = below.finish() {
            paper.fill_path(&below, &paint(half.colour, 0.14), FillRule::Winding, Transform::identity(), None);
        }
        if let Some(line) = line.finish() {
            let (line_cap, line_join) = (LineCap::Round, LineJoin::Round);
            let stroke = Stroke { width: LINE, line_cap, line_join, ..Stroke::default() };
            paper.stroke_path(&line, &paint(half.colour, 1.0), &stroke, Transform::identity(), None);
        }
        for (x, y) in run {
            if let Some(dot) = PathBuilder::from_circle(x, y, DOT) {
                paper.fill_path(&dot, &paint(half.colour, 1.0), FillRule::Winding, Transform::identity(), None);
            }
        }
    }
}

/// Where the figures lie: from left to right, the least at the bottom and the greatest at the top.
fn points(area: Rect, figures: &[Option<i64>]) -> Vec<Option<(f32, f32)>> {
    let known = || figures.iter().flatten().copied();
    let (Some(least), Some(greatest)) = (known().min(), known().max()) else { return Vec::new() };
    let step = (area.width() - 2.0 * MARGIN) / figures.len().saturating_sub(1).max(1) as f32;
    let height = area.height() - 4.0 * MARGIN;
    let place = |(number, figure): (usize, &Option<i64>)| {
        let part = match greatest - least {
            // What does not change lies in the middle.
            0 => 0.5,
            span => ((*figure)? - least) as f32 / span as f32,
        };
        figure.map(|_| (area.left() + MARGIN + step * number as f32, area.bottom() - 3.0 * MARGIN - height * part))
    };
    figures.iter().enumerate().map(place).collect()
}

/// The stretches without a gap.
fn runs(points: &[Option<(f32, f32)>]) -> Vec<Vec<(f32, f32)>> {
    points.split(Option::is_none).map(|run| run.iter().flatten().copied().collect()).collect()
}

fn paint((red, green, blue): (u8, u8, u8), opacity: f32) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(colour((red, green, blue), opacity));
    paint
}

fn colour((red, green, blue): (u8, u8, u8), opacity: f32) -> Color {
    Color::from_rgba8(red, green, blue, (opacity * 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_lie_as_high_as_they_are_and_gaps_stay_open() {
        let area = Rect::from_xywh(0.0, 0.0, 400.0, 200.0).unwrap();
        let points = points(area, &[Some(1), None, Some(3), Some(2)]);
        let at = |place: usize| points[place].unwrap();
        assert!(at(0).1 > at(3).1 && at(3).1 > at(2).1, "{points:?}");
        assert!(at(0).0 < at(2).0 && at(2).0 < at(3).0 && at(3).0 < 400.0);
        let lengths: Vec<_> = runs(&points).iter().map(Vec::len).collect();
        assert_eq!(lengths, [1, 2]);
    }

    #[test]
    fn whatever_there_is_makes_a_small_picture() {
        let many: Vec<_> = (0..12).map(Some).collect();
        for figures in
            [&[][..], &[None], &[Some(7)], &[Some(7), Some(7)], &[Some(i64::MIN / 4), Some(i64::MAX / 4)], &many]
        {
            let half = || Half { figures, colour: (122, 75, 30) };
            let picture = draw([half(), half()]).unwrap();
            assert!(picture.starts_with(b"\x89PNG") && picture.len() < 16_384, "{} bytes", picture.len());
        }
    }
}
