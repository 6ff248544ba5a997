//! STL as text, as forgiving as it can be without guessing: any case, spacing and line end, names and
//! comments, several solids, missing ends. A coordinate that is no number is refused with its line.

use std::io::{Read, Seek};

use rayon::prelude::*;

use super::error::Fault;
use super::input::Input;
use super::note::Note;
use super::stl::{NAME, StlFile};
use super::stl_binary::is_against_normal;
use crate::mesh::weld::{self, PART, Part};
use crate::progress::Progress;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 24;
/// Bytes that one thread reads at a time.
const PIECE: usize = 1 << 21;
const FACET_END: &[u8] = b"endfacet";
/// Header text that is looked at for `SPACE=` and the like.
const HEAD: usize = 1024;

/// What one piece of text holds.
#[derive(Debug, Default)]
struct Piece {
    triangles: Vec<[[f32; 3]; 3]>,
    n_solids: usize,
    n_ends: usize,
    n_lines: usize,
    n_commas: usize,
    n_against_normal: usize,
    /// Whether a facet had begun and not ended.
    is_open: bool,
}

/// A fault at a line of a piece.
struct At {
    line: usize,
    problem: String,
}

pub(super) fn is_utf16(start: &[u8]) -> bool {
    start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF])
}

/// Reads all solids of a text.
pub(super) fn read<R: Read + Seek>(input: &mut Input<R>, progress: &Progress) -> Result<StlFile, Fault> {
    let mut file = StlFile::default();
    let mut sum = Piece::default();
    let mut parts = Vec::new();
    let mut text = Text::open(input)?;
    progress.expect((text.length / BLOCK as u64) as usize + 1);
    let head = text.start(input)?;
    file.said.add(&head, &mut file.notes);
    while let Some(block) = text.next(input)? {
        let pieces: Vec<_> = cut(&block, PIECE).into_par_iter().map(parse).collect();
        for piece in pieces {
            let piece = piece.map_err(|at| {
                Fault::broken(NAME, format!("line {}: {}", sum.n_lines + at.line + 1, at.problem))
            })?;
            if sum.is_open {
                return Err(unfinished(&sum));
            }
            parts.extend(piece.triangles.chunks(PART).map(|part| Part::new(part.iter().copied())));
            add(&mut sum, piece);
        }
        progress.step()?;
    }
    if sum.is_open {
        return Err(unfinished(&sum));
    }
    if parts.is_empty() && sum.n_solids == 0 {
        return Err(Fault::broken(NAME, "neither a binary header nor a word of the text form was found"));
    }
    file.welded = weld::join(parts)?;
    file.n_solids = sum.n_solids.max(1);
    remark(&sum, &mut file.notes);
    Ok(file)
}

fn unfinished(sum: &Piece) -> Fault {
    Fault::broken(NAME, format!("truncated: a facet that does not end before line {}", sum.n_lines + 1))
}

fn add(sum: &mut Piece, piece: Piece) {
    sum.n_solids += piece.n_solids;
    sum.n_ends += piece.n_ends;
    sum.n_lines += piece.n_lines;
    sum.n_commas += piece.n_commas;
    sum.n_against_normal += piece.n_against_normal;
    sum.is_open = piece.is_open;
}

fn remark(sum: &Piece, notes: &mut Vec<Note>) {
    if sum.n_ends < sum.n_solids.max(1) {
        let message = "the text ends without endsolid: whether it is whole cannot be told";
        notes.push(Note::new("stl_no_endsolid", message));
    }
    if sum.n_commas > 0 {
        let message = format!("{} coordinates have a comma where a point belongs", sum.n_commas);
        notes.push(Note::new("stl_decimal_comma", message).with(sum.n_commas as f64));
    }
    if sum.n_against_normal > 0 {
        let n = sum.n_against_normal;
        let message = format!("the stored normals of {n} triangles point inwards of their corner order");
        notes.push(Note::new("stl_normals_disagree", message).with(n as f64));
    }
}

/// A text that is read block by block; a block ends where a facet does.
struct Text {
    offset: u64,
    length: u64,
    rest: Vec<u8>,
    wide: Option<bool>,
}

impl Text {
    fn open<R: Read + Seek>(input: &mut Input<R>) -> Result<Self, Fault> {
        let start = input.read_at(0, 3)?;
        let (offset, wide) = match start.as_slice() {
            [0xFF, 0xFE, ..] => (2, Some(false)),
            [0xFE, 0xFF, ..] => (2, Some(true)),
            [0xEF, 0xBB, 0xBF] => (3, None),
            _ => (0, None),
        };
        Ok(Self { offset, length: input.length(), rest: Vec::new(), wide })
    }

    fn start<R: Read + Seek>(&self, input: &mut Input<R>) -> Result<Vec<u8>, Fault> {
        let bytes = self.narrow(input.read_at(self.offset, HEAD)?);
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
        Ok(bytes[..end].to_vec())
    }

    fn narrow(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Some(is_big_endian) = self.wide else { return bytes };
        let (units, _) = bytes.as_chunks::<2>();
        let letter = |&[a, b]: &[u8; 2]| match if is_big_endian { (a, b) } else { (b, a) } {
            (0, low) => low,
            _ => b'?',
        };
        units.iter().map(letter).collect()
    }

    fn next<R: Read + Seek>(&mut self, input: &mut Input<R>) -> Result<Option<Vec<u8>>, Fault> {
        let mut block = std::mem::take(&mut self.rest);
        loop {
            let bytes = input.read_at(self.offset, BLOCK)?;
            self.offset += bytes.len() as u64;
            let is_end = bytes.is_empty();
            block.extend_from_slice(&self.narrow(bytes));
            if is_end {
                return Ok((!block.is_empty()).then_some(block));
            }
            if let Some(at) = last_facet_end(&block) {
                self.rest = block.split_off(at);
                return Ok(Some(block));
            }
        }
    }
}

/// Just behind the last `endfacet` of a text.
fn last_facet_end(text: &[u8]) -> Option<usize> {
    let n = FACET_END.len();
    text.windows(n).rposition(|word| word.eq_ignore_ascii_case(FACET_END)).map(|at| at + n)
}

/// Cuts a text into pieces of about this size, each but the last ending with a facet.
fn cut(mut text: &[u8], size: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while text.len() > size {
        let n = FACET_END.len();
        let Some(at) = text[size..].windows(n).position(|word| word.eq_ignore_ascii_case(FACET_END)) else {
            break;
        };
        let (piece, rest) = text.split_at(size + at + n);
        pieces.push(piece);
        text = rest;
    }
    pieces.push(text);
    pieces
}

/// Words of a text, with the line they stand on.
struct Words<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            self.skip_space();
            let start = self.at;
            while self.text.get(self.at).is_some_and(|&byte| !is_space(byte)) {
                self.at += 1;
            }
            let word = &self.text[start..self.at];
            match word {
                [] => return None,
                [b'#' | b';', ..] | [b'/', b'/', ..] => self.skip_line(),
                _ => return Some(word),
            }
        }
    }

    fn skip_space(&mut self) {
        while let Some(&byte) = self.text.get(self.at).filter(|&&byte| is_space(byte)) {
            self.step(byte);
        }
    }

    fn step(&mut self, byte: u8) {
        let is_pair = byte == b'\r' && self.text.get(self.at + 1) == Some(&b'\n');
        self.line += usize::from((byte == b'\n' || byte == b'\r') && !is_pair);
        self.at += 1;
    }

    fn rest_of_line(&self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        &rest[..rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len())]
    }

    fn skip_line(&mut self) {
        self.at += self.rest_of_line().len();
    }

    /// The words from here to the end of the line; no more of it is looked at than is asked for, since a
    /// whole file may stand on one line.
    fn words_of_line(&self, mut at: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let text = self.text;
        std::iter::from_fn(move || {
            let is_gap = |&&byte: &&u8| is_space(byte) && !is_line_end(byte);
            at += text[at..].iter().take_while(is_gap).count();
            let word = &text[at..at + text[at..].iter().take_while(|&&byte| !is_space(byte)).count()];
            at += word.len();
            (!word.is_empty()).then_some(word)
        })
    }

    /// Passes over a name, which ends with the line unless a facet begins on it.
    fn skip_name(&mut self) {
        let begins = |at: usize| {
            let mut words = self.words_of_line(at);
            words.next().is_some_and(|word| word.eq_ignore_ascii_case(b"facet"))
                && words
                    .next()
                    .and_then(|word| word.get(..6))
                    .is_some_and(|word| word.eq_ignore_ascii_case(b"normal"))
        };
        let mut at = self.at;
        while let Some(&byte) = self.text.get(at).filter(|&&byte| !is_line_end(byte)) {
            if at > self.at && !is_space(byte) && is_space(self.text[at - 1]) && begins(at) {
                break;
            }
            at += 1;
        }
        self.at = at;
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn is_space(byte: u8) -> bool {
    byte <= b' '
}

fn parse(text: &[u8]) -> Result<Piece, At> {
    let mut piece = Piece::default();
    let mut words = Words { text, at: 0, line: 0 };
    let mut corners = Vec::with_capacity(4);
    let mut normal = [0.0; 3];
    let (mut is_begun, mut is_last_number) = (false, false);
    while let Some(word) = words.next() {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        is_last_number = is("vertex");
        if is("vertex") {
            is_begun = true;
            corners.push(corner(&mut words, &mut piece.n_commas)?);
        } else if is("endfacet") || is("facet") {
            close(&mut corners, normal, &mut piece, words.line)?;
            is_begun = is("facet");
            normal = if is("facet") { stored_normal(&mut words) } else { [0.0; 3] };
        } else if is("solid") {
            close(&mut corners, normal, &mut piece, words.line)?;
            is_begun = false;
            piece.n_solids += 1;
            words.skip_name();
        } else if is("endsolid") || is("end") {
            close(&mut corners, normal, &mut piece, words.line)?;
            is_begun = false;
            piece.n_ends += usize::from(is("endsolid") || words.rest_of_line().trim_ascii() == b"solid");
            words.skip_name();
        }
    }
    // Without a word behind it the last number may have lost its end.
    piece.is_open = is_begun && (corners.len() != 3 || is_last_number);
    if !piece.is_open {
        close(&mut corners, normal, &mut piece, words.line)?;
    }
    piece.n_lines = words.line;
    Ok(piece)
}

/// The triangle of the corners since the last facet, if there are any.
fn close(corners: &mut Vec<[f32; 3]>, normal: [f32; 3], piece: &mut Piece, line: usize) -> Result<(), At> {
    match corners.as_slice() {
        [] => return Ok(()),
        &[a, b, c] => {
            piece.n_against_normal += usize::from(is_against_normal(&normal, &[a, b, c]));
            piece.triangles.push([a, b, c]);
        }
        other => {
            let problem = format!("a facet with 3 corners expected, found {}", other.len());
            return Err(At { line, problem });
        }
    }
    corners.clear();
    Ok(())
}

/// The normal of a facet, zero where it is missing or no number: the corners decide anyway.
fn stored_normal(words: &mut Words<'_>) -> [f32; 3] {
    let line: Vec<&[u8]> = words.words_of_line(words.at).take(4).collect();
    let [word, x, y, z] = line.as_slice() else { return [0.0; 3] };
    if !word.eq_ignore_ascii_case(b"normal") {
        return [0.0; 3];
    }
    let read = |word: &[u8]| number(word, &mut 0).filter(|x| x.is_finite());
    match (read(x), read(y), read(z)) {
        (Some(x), Some(y), Some(z)) => [x as f32, y as f32, z as f32],
        _ => [0.0; 3],
    }
}

fn corner(words: &mut Words<'_>, n_commas: &mut usize) -> Result<[f32; 3], At> {
    let mut corner = [0.0_f32; 3];
    for x in &mut corner {
        let line = words.line;
        let Some(word) = words.next() else {
            return Err(At {
                line,
                problem: "truncated: three coordinates expected behind vertex".to_owned(),
            });
        };
        let shown = || String::from_utf8_lossy(&word[..word.len().min(24)]).escape_default().to_string();
        let Some(found) = number(word, n_commas) else {
            return Err(At {
                line: words.line,
                problem: format!("a coordinate expected, found '{}'", shown()),
            });
        };
        *x = found as f32;
        if !x.is_finite() {
            let problem = format!("a finite coordinate expected, found '{}'", shown());
            return Err(At { line: words.line, problem });
        }
    }
    Ok(corner)
}

/// A number as programs of many countries and ages print it; not-a-number in Microsoft's words as well.
fn number(word: &[u8], n_commas: &mut usize) -> Option<f64> {
    let word = word.strip_suffix(b",").unwrap_or(word);
    let text = std::str::from_utf8(word).ok()?;
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let text = text.to_ascii_lowercase();
    if text.contains("#in") || text.contains("#qnan") || text.contains("#snan") || text.contains("nan(") {
        return Some(f64::NAN);
    }
    let text = text.replace('d', "e");
    let is_comma = text.matches(',').count() == 1 && !text.contains('.');
    let found = if is_comma { text.replace(',', ".") } else { text }.parse().ok()?;
    *n_commas += usize::from(is_comma);
    Some(found)
}
