//! As much XML as a 3MF needs: tags with their attributes, text between them. A document type, which
//! could declare entities that unfold into gigabytes, is refused.

use super::error::Fault;

/// What comes next in a text.
#[derive(Debug, PartialEq)]
pub enum Event<'a> {
    /// A tag that opens, by its name without prefix; `is_empty` when it closes at once.
    Open {
        /// Name without prefix.
        name: &'a str,
        /// What stands behind the name.
        attributes: &'a str,
        /// Whether it closes at once.
        is_empty: bool,
    },
    /// A tag that closes.
    Close(&'a str),
    /// Text, not unescaped.
    Text(&'a str),
}

/// Walks through a text.
#[derive(Debug)]
pub struct Reader<'a> {
    format: &'static str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Of a text.
    pub fn new(format: &'static str, text: &'a str) -> Self {
        Self { format, rest: text.strip_prefix('\u{feff}').unwrap_or(text) }
    }

    /// The next event, `None` at the end.
    ///
    /// # Errors
    /// [`Fault::Broken`].
    pub fn next(&mut self) -> Result<Option<Event<'a>>, Fault> {
        loop {
            let Some(at) = self.rest.find('<') else { return Ok(None) };
            if at > 0 {
                let (text, rest) = self.rest.split_at(at);
                self.rest = rest;
                if text.trim().is_empty() {
                    continue;
                }
                return Ok(Some(Event::Text(text)));
            }
            if self.rest.starts_with("<?") {
                self.skip("?>")?;
            } else if self.rest.starts_with("<!--") {
                self.skip("-->")?;
            } else if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
                let end = rest.find("]]>").ok_or_else(|| self.unfinished())?;
                self.rest = &rest[end + 3..];
                return Ok(Some(Event::Text(&rest[..end])));
            } else if self.rest.starts_with("<!") {
                return Err(Fault::broken(self.format, "a document type or entity in the XML is refused"));
            } else {
                return self.tag().map(Some);
            }
        }
    }

    fn unfinished(&self) -> Fault {
        Fault::broken(self.format, "truncated: XML that does not end")
    }

    fn skip(&mut self, end: &str) -> Result<(), Fault> {
        let at = self.rest.find(end).ok_or_else(|| self.unfinished())?;
        self.rest = &self.rest[at + end.len()..];
        Ok(())
    }

    fn tag(&mut self) -> Result<Event<'a>, Fault> {
        let end = self.tag_end().ok_or_else(|| self.unfinished())?;
        let inside = &self.rest[1..end];
        self.rest = &self.rest[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            return Ok(Event::Close(local(name.trim())));
        }
        let is_empty = inside.ends_with('/');
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        let (name, attributes) = inside.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((inside, ""));
        Ok(Event::Open { name: local(name), attributes, is_empty })
    }

    /// The place of `>` outside of quotes.
    fn tag_end(&self) -> Option<usize> {
        let mut quote = None;
        self.rest.bytes().enumerate().find_map(|(at, byte)| match (quote, byte) {
            (None, b'>') => Some(at),
            (None, b'"' | b'\'') => {
                quote = Some(byte);
                None
            }
            (Some(open), _) if open == byte => {
                quote = None;
                None
            }
            _ => None,
        })
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The value of an attribute, by its name without prefix; not unescaped.
pub fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, more) = after[1..].split_once(quote)?;
        if local(key.trim()) == name {
            return Some(value);
        }
        rest = more;
    }
}

/// Text as it stands in an attribute or between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_attributes_and_text_are_found() {
        let text = "<?xml version='1.0'?><!-- <x> --><m:a k='1>2' m:id = \"7\"><b/>t</m:a >";
        let mut reader = Reader::new("3MF", text);
        let Ok(Some(Event::Open { name, attributes, is_empty })) = reader.next() else { panic!() };
        assert_eq!((name, is_empty), ("a", false));
        assert_eq!((attribute(attributes, "k"), attribute(attributes, "id")), (Some("1>2"), Some("7")));
        assert_eq!(attribute(attributes, "kk"), None);
        assert!(matches!(reader.next(), Ok(Some(Event::Open { name: "b", is_empty: true, .. }))));
        assert_eq!(reader.next().unwrap(), Some(Event::Text("t")));
        assert_eq!(reader.next().unwrap(), Some(Event::Close("a")));
        assert_eq!(reader.next().unwrap(), None);
    }

    #[test]
    fn entities_are_refused() {
        assert!(Reader::new("3MF", "<!DOCTYPE a [<!ENTITY b 'c'>]>").next().is_err());
    }
}
