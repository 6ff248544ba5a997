//! Run lengths (DICOM PS3.5 annex G) of frames of 16 bits.

/// One frame: a header with two segments, high bytes first, then low bytes.
pub(super) fn encode(frame: &[i16]) -> Vec<u8> {
    let high: Vec<u8> = frame.iter().map(|&value| (value as u16 >> 8) as u8).collect();
    let low: Vec<u8> = frame.iter().map(|&value| value as u16 as u8).collect();
    let segments = [pack(&high), pack(&low)];
    let mut bytes = Vec::with_capacity(64 + segments[0].len() + segments[1].len());
    let second = 64 + segments[0].len() as u32;
    for word in [2, 64, second].into_iter().chain([0; 13]) {
        bytes.extend_from_slice(&u32::to_le_bytes(word));
    }
    for segment in &segments {
        bytes.extend_from_slice(segment);
    }
    bytes
}

/// `PackBits`, padded to an even length.
fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let run = run_length(&bytes[at..]);
        if run >= 2 {
            out.extend_from_slice(&[(257 - run) as u8, bytes[at]]);
            at += run;
            continue;
        }
        let start = at;
        while at < bytes.len() && at - start < 128 && run_length(&bytes[at..]) < 3 {
            at += 1;
        }
        out.push((at - start - 1) as u8);
        out.extend_from_slice(&bytes[start..at]);
    }
    if out.len() % 2 == 1 {
        out.push(0);
    }
    out
}

fn run_length(bytes: &[u8]) -> usize {
    bytes.iter().take(128).take_while(|&&byte| byte == bytes[0]).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(bytes: &[u8], wanted: usize) -> Vec<u8> {
        let (mut out, mut at) = (Vec::new(), 0);
        while out.len() < wanted {
            let n = bytes[at] as i8;
            if n >= 0 {
                let n = n as usize + 1;
                out.extend_from_slice(&bytes[at + 1..=at + n]);
                at += n + 1;
            } else {
                out.extend(std::iter::repeat_n(bytes[at + 1], (1 - i32::from(n)) as usize));
                at += 2;
            }
        }
        out
    }

    #[test]
    fn runs_and_literals_come_back() {
        let mut bytes = vec![7; 300];
        bytes.extend((0..400).map(|n| (n * 37 % 251) as u8));
        bytes.extend([1, 1, 2, 2, 2, 3]);
        let packed = pack(&bytes);
        assert_eq!(packed.len() % 2, 0);
        assert_eq!(unpack(&packed, bytes.len()), bytes);
    }
}
