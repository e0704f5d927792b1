//! Pictures: what a client sent is decoded, turned upright, and written anew.
//!
//! Nothing of the original's bytes survives, so neither do positions, comments, or anything else hidden in them. A
//! file that is a picture and something else besides is refused all the same: it was not sent by mistake.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};
use shared::Error;

/// The largest picture, in pixels either way.
pub const LARGEST_SIDE: u32 = 4096;
/// What decoding may take: four bytes a pixel, and as much again for the work.
const MEMORY: u64 = 2 * 4 * (LARGEST_SIDE as u64) * (LARGEST_SIDE as u64);
/// Hardly told from the original by eye.
const JPEG_QUALITY: u8 = 90;

/// What the clients say of a file that is none.
pub const NOT_AN_IMAGE: &str =
    "Upload a valid image. The file you uploaded was either not an image or a corrupted image.";

/// The formats that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// GIF, of which the first picture is kept.
    Gif,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
}

impl Format {
    /// Every one of them.
    pub const ALL: [Format; 4] = [Format::Gif, Format::Jpeg, Format::Png, Format::WebP];

    /// By a media type.
    pub fn of_media_type(media: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.media_type() == media)
    }

    /// By a file name's extension, in any case; of those that the game knows.
    pub fn of_extension(extension: &str) -> Option<Format> {
        match extension.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" => Some(Format::Jpeg),
            "png" => Some(Format::Png),
            _ => None,
        }
    }

    /// By the first bytes of a file, whatever it is called.
    pub fn of_content(bytes: &[u8]) -> Option<Format> {
        match bytes {
            [b'G', b'I', b'F', b'8', ..] => Some(Format::Gif),
            [0xFF, 0xD8, 0xFF, ..] => Some(Format::Jpeg),
            [0x89, b'P', b'N', b'G', ..] => Some(Format::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
            _ => None,
        }
    }

    /// The format that it is kept in: two are enough to show, and cheap to write.
    pub fn kept_as(self) -> Format {
        match self {
            Format::Jpeg => Format::Jpeg,
            Format::Gif | Format::Png | Format::WebP => Format::Png,
        }
    }

    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Gif => "gif",
            Format::Jpeg => "jpg",
            Format::Png => "png",
            Format::WebP => "webp",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Gif => "image/gif",
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::WebP => "image/webp",
        }
    }
}

/// Not a picture of this format, a broken one, one too large, or one with something else behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPicture;

/// The picture, clean. A large one takes a good part of a second; other requests of a local server do not wait for it.
pub async fn cleaned(bytes: Bytes, format: Format) -> Result<Result<Bytes, NotAPicture>, Error> {
    let clean = tokio::task::spawn_blocking(move || clean(&bytes, format)).await;
    clean.map_err(|cause| Error::internal("A picture was dropped.", cause))
}

/// The picture, clean, in the format that it is kept in.
pub fn clean(bytes: &[u8], format: Format) -> Result<Bytes, NotAPicture> {
    let ends = match format {
        Format::Gif => end_of_gif(bytes),
        Format::Jpeg => end_of_jpeg(bytes),
        Format::Png => end_of_png(bytes),
        Format::WebP => end_of_webp(bytes),
    };
    if ends != Some(bytes.len()) {
        return Err(NotAPicture);
    }
    let encoding = match format {
        Format::Gif => ImageFormat::Gif,
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
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

/// Where a GIF ends: behind its trailer (GIF89a specification, sections 15 to 27).
fn end_of_gif(bytes: &[u8]) -> Option<usize> {
    const IMAGE: u8 = 0x2C;
    const EXTENSION: u8 = 0x21;
    const TRAILER: u8 = 0x3B;
    // Three bytes for each colour of a table, if there is one.
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    // The header, the screen, its colours.
    let mut at = 13 + colours(*bytes.get(10)?);
    loop {
        match *bytes.get(at)? {
            TRAILER => return Some(at + 1),
            // The descriptor, its colours, and the size of the codes.
            IMAGE => at += 11 + colours(*bytes.get(at + 9)?),
            EXTENSION => at += 2,
            _ => return None,
        }
        // Blocks of data, the last of which is empty.
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

/// Where a WebP ends: where its container says (WebP container specification, "WebP file header").
fn end_of_webp(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    usize::try_from(length).ok()?.checked_add(8)
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
    fn the_other_formats_are_kept_as_png_and_nothing_may_come_behind_them() {
        for (encoding, format) in [(ImageFormat::Gif, Format::Gif), (ImageFormat::WebP, Format::WebP)] {
            let sent = picture(encoding, 40);
            assert_eq!(Format::of_content(&sent), Some(format));
            let cleaned = clean(&sent, format).unwrap();
            assert_eq!(image::guess_format(&cleaned).unwrap(), ImageFormat::Png);
            assert_eq!(image::load_from_memory(&cleaned).unwrap().width(), 40);
            let with_tail = [sent.as_slice(), b"PK\x03\x04 and so on"].concat();
            for bytes in [with_tail.as_slice(), &sent[..sent.len() / 2], &sent[..sent.len() - 1], &sent[..9]] {
                assert_eq!(clean(bytes, format), Err(NotAPicture));
            }
            assert_eq!(clean(&sent, Format::Png), Err(NotAPicture));
        }
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
        let mut gif = picture(ImageFormat::Gif, 8);
        gif[6..10].fill(0xFF);
        assert_eq!(clean(&gif, Format::Gif), Err(NotAPicture));
    }
}
