//! Pictures: what a client sent is decoded, turned upright, and written anew.
//!
//! Nothing of the original's bytes survives, so neither do positions, comments, or anything else hidden in them. A
//! file that is a picture and something else besides is refused all the same: it was not sent by mistake.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// The largest picture, in pixels either way.
pub const LARGEST_SIDE: u32 = 4096;
/// What decoding may take: four bytes a pixel, and as much again for the work.
const MEMORY: u64 = 2 * 4 * (LARGEST_SIDE as u64) * (LARGEST_SIDE as u64);
/// Hardly told from the original by eye.
const JPEG_QUALITY: u8 = 90;

/// The formats that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF, of which the first picture is taken.
    Gif,
    /// WebP, likewise.
    WebP,
}

impl Format {
    /// By how a file begins, whatever it is called.
    pub fn of_content(bytes: &[u8]) -> Option<Format> {
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Format::Jpeg),
            [0x89, b'P', b'N', b'G', ..] => Some(Format::Png),
            [b'G', b'I', b'F', b'8', ..] => Some(Format::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
            _ => None,
        }
    }

    /// The format in which a clean picture of this one is kept: pictures that lose nothing stay so.
    pub fn kept_as(self) -> Format {
        match self {
            Format::Jpeg => Format::Jpeg,
            Format::Png | Format::Gif | Format::WebP => Format::Png,
        }
    }

    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Jpeg => "jpg",
            Format::Png => "png",
            Format::Gif => "gif",
            Format::WebP => "webp",
        }
    }

    /// By a file name's extension, in any case.
    pub fn of_extension(extension: &str) -> Option<Format> {
        match extension.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" => Some(Format::Jpeg),
            "png" => Some(Format::Png),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::Gif => "image/gif",
            Format::WebP => "image/webp",
        }
    }
}

/// Not a picture of this format, a broken one, one too large, or one with something else behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPicture;

/// The picture, clean, in the format that [`Format::kept_as`] tells.
pub fn clean(bytes: &[u8], format: Format) -> Result<Bytes, NotAPicture> {
    let ends = match format {
        Format::Jpeg => end_of_jpeg(bytes),
        Format::Png => end_of_png(bytes),
        Format::Gif => end_of_gif(bytes),
        Format::WebP => end_of_webp(bytes),
    };
    if ends != Some(bytes.len()) {
        return Err(NotAPicture);
    }
    let encoding = match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::Gif => ImageFormat::Gif,
        Format::WebP => ImageFormat::WebP,
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), encoding);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| NotAPicture)?;
    let orientation = decoder.orientation().map_err(|_| NotAPicture)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| NotAPicture)?;
    picture.apply_orientation(orientation);
    let mut clean = Vec::new();
    match format.kept_as() {
        Format::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut clean, JPEG_QUALITY);
            DynamicImage::from(picture.into_rgb8()).write_with_encoder(encoder).map_err(|_| NotAPicture)?;
        }
        // Not by the name of a format, which would link the encoders of all of them.
        _ => picture.write_with_encoder(PngEncoder::new(&mut clean)).map_err(|_| NotAPicture)?,
    }
    Ok(clean.into())
}

/// Where a PNG ends: behind its `IEND` chunk (PNG specification, 5.3 and 11.2.5).
fn end_of_png(bytes: &[u8]) -> Option<usize> {
    let mut at = b"\x89PNG\r\n\x1a\n".len();
    (bytes.get(..at)? == b"\x89PNG\r\n\x1a\n").then_some(())?;
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize;
        let kind = bytes.get(at + 4..at + 8)?;
        // Length, kind, data, checksum.
        at = at.checked_add(length)?.checked_add(12)?;
        if kind == b"IEND" {
            return Some(at);
        }
    }
}

/// Where a GIF ends: behind its trailer (GIF89a, 27). Blocks are walked by their lengths.
fn end_of_gif(bytes: &[u8]) -> Option<usize> {
    const EXTENSION: u8 = 0x21;
    const IMAGE: u8 = 0x2C;
    const TRAILER: u8 = 0x3B;
    // A colour table of 2 to 256 colours, where the flag says so.
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    matches!(bytes.get(..6)?, b"GIF87a" | b"GIF89a").then_some(())?;
    let mut at = 13 + colours(*bytes.get(10)?);
    loop {
        at += match *bytes.get(at)? {
            TRAILER => return Some(at + 1),
            EXTENSION => 2,
            // Its descriptor, its colours, and the width of its codes.
            IMAGE => 10 + colours(*bytes.get(at + 9)?) + 1,
            _ => return None,
        };
        // Sub-blocks, each after its length, up to an empty one.
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

/// Where a WebP ends: its container says how long it is (RFC 9649, 2.3).
fn end_of_webp(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?) as usize;
    (bytes.get(..4)? == b"RIFF" && bytes.get(8..12)? == b"WEBP").then(|| length.checked_add(8)).flatten()
}

/// Where a JPEG ends: behind its end-of-image marker (ITU T.81, B.1.1). Segments are walked by their lengths, since
/// a thumbnail inside one has an end of its own; within a scan a marker is any 0xFF that is neither stuffed nor a
/// restart.
fn end_of_jpeg(bytes: &[u8]) -> Option<usize> {
    const END: u8 = 0xD9;
    const SCAN: u8 = 0xDA;
    (bytes.get(..2)? == [0xFF, 0xD8]).then_some(())?;
    let mut at = 2;
    loop {
        (*bytes.get(at)? == 0xFF).then_some(())?;
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xFF => at += 1,
            END => return Some(at + 2),
            _ => {
                at += 2 + usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?));
                if marker == SCAN {
                    let data = bytes.get(at..)?;
                    let ends = |pair: &[u8]| pair[0] == 0xFF && pair[1] != 0 && !(0xD0..=0xD7).contains(&pair[1]);
                    at += data.windows(2).position(ends)?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(format: ImageFormat, side: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let image = DynamicImage::ImageRgb8(image::RgbImage::from_fn(side, side, |x, y| {
            image::Rgb([(x * 7) as u8, (y * 5) as u8, 90])
        }));
        image.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    #[test]
    fn a_picture_comes_out_as_one_of_its_format() {
        for (encoding, format) in [(ImageFormat::Png, Format::Png), (ImageFormat::Jpeg, Format::Jpeg)] {
            let cleaned = clean(&picture(encoding, 40), format).unwrap();
            assert_eq!(image::guess_format(&cleaned).unwrap(), encoding);
            assert_eq!(image::load_from_memory(&cleaned).unwrap().width(), 40);
        }
    }

    #[test]
    fn pictures_of_other_formats_are_kept_as_png() {
        for (encoding, format) in [(ImageFormat::Gif, Format::Gif), (ImageFormat::WebP, Format::WebP)] {
            let bytes = picture(encoding, 40);
            assert_eq!(Format::of_content(&bytes), Some(format));
            let cleaned = clean(&bytes, format).unwrap();
            assert_eq!(image::guess_format(&cleaned).unwrap(), ImageFormat::Png);
            assert_eq!(image::load_from_memory(&cleaned).unwrap().width(), 40);
            for broken in [[bytes.as_slice(), b"PK\x03\x04"].concat(), bytes[..bytes.len() - 1].to_vec()] {
                assert_eq!(clean(&broken, format), Err(NotAPicture));
            }
        }
        assert_eq!(Format::of_content(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), None);
    }

    #[test]
    fn what_is_hidden_in_a_picture_is_lost() {
        let mut jpeg = picture(ImageFormat::Jpeg, 16);
        let comment = b"\xFF\xFE\x00\x1b<script>alert(1)</script>";
        jpeg.splice(2..2, comment.iter().copied());
        let cleaned = clean(&jpeg, Format::Jpeg).unwrap();
        assert!(!cleaned.windows(7).any(|window| window == b"<script"));
    }

    #[test]
    fn a_sideways_picture_is_turned_upright_and_forgets_that_it_was() {
        // An Exif segment with the one entry "orientation: turn by 90°".
        let exif = b"\xFF\xE1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let mut jpeg = Vec::new();
        image::RgbImage::new(30, 10).write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg).unwrap();
        jpeg.splice(2..2, exif.iter().copied());
        let cleaned = clean(&jpeg, Format::Jpeg).unwrap();
        let upright = image::load_from_memory(&cleaned).unwrap();
        assert_eq!((upright.width(), upright.height()), (10, 30));
        assert!(!cleaned.windows(4).any(|window| window == b"Exif"));
    }

    #[test]
    fn what_is_no_picture_or_more_than_one_thing_is_refused() {
        let (png, jpeg) = (picture(ImageFormat::Png, 8), picture(ImageFormat::Jpeg, 8));
        let with_tail = |bytes: &[u8]| [bytes, b"PK\x03\x04 and so on".as_slice()].concat();
        for (bytes, format) in [
            (Vec::new(), Format::Png),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), Format::Png),
            (jpeg.clone(), Format::Png),
            (png.clone(), Format::Jpeg),
            (with_tail(&png), Format::Png),
            (with_tail(&jpeg), Format::Jpeg),
            ([with_tail(&jpeg), vec![0xFF, 0xD9]].concat(), Format::Jpeg),
            (png[..png.len() - 20].to_vec(), Format::Png),
            (jpeg[..jpeg.len() / 2].to_vec(), Format::Jpeg),
        ] {
            assert_eq!(clean(&bytes, format), Err(NotAPicture));
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let mut png = picture(ImageFormat::Png, 8);
        // Claims 100,000 pixels either way; the checksum of the header is then wrong, too, and either is enough.
        png[16..24].copy_from_slice(&[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]);
        assert_eq!(clean(&png, Format::Png), Err(NotAPicture));
    }
}
