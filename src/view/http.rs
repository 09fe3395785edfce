//! The subset of HTTP that a local page needs: GET, short heads, one request per connection.

use std::io::{self, Read, Write};

/// Longest head of a request [bytes].
const LONGEST_HEAD: usize = 8192;

/// Most header lines of a request.
const MOST_HEADERS: usize = 64;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// The only Host header, if there is exactly one.
    pub(super) host: Option<String>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: Status,
    pub(super) kind: &'static str,
    pub(super) body: Vec<u8>,
}

/// The status codes in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    BadRequest,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    TooLarge,
    Failed,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::Failed => "500 Internal Server Error",
        }
    }
}

impl Response {
    /// A page of HTML.
    pub(super) fn html(body: String) -> Self {
        Self { status: Status::Ok, kind: "text/html; charset=utf-8", body: body.into_bytes() }
    }

    /// A block of bytes.
    pub(super) fn bytes(body: Vec<u8>) -> Self {
        Self { status: Status::Ok, kind: "application/octet-stream", body }
    }

    /// A line of text with the reason of a refusal.
    pub(super) fn refusal(status: Status, why: &str) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", body: format!("{why}\n").into_bytes() }
    }

    /// Writes the response, after which the connection is closed. Its headers forbid caching, MIME sniffing and use by other
    /// sites, and forbid the page to load anything from elsewhere.
    pub(super) fn write(&self, mut to: impl Write) -> io::Result<()> {
        let head = format!(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\nAllow: GET\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: no-referrer\r\n\
             Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
             img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\r\n",
            self.status.line(),
            self.kind,
            self.body.len()
        );
        to.write_all(head.as_bytes())?;
        to.write_all(&self.body)?;
        to.flush()
    }
}

/// Reads the head of a request; for a malformed one the inner error is the response to be sent.
///
/// # Errors
/// If the connection fails, ends or falls silent first.
pub(super) fn read_request(mut from: impl Read) -> io::Result<Result<Request, Response>> {
    let mut head = Vec::new();
    let mut block = [0; 1024];
    loop {
        let read = from.read(&mut block)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&block[..read]);
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&head) {
            Ok(httparse::Status::Complete(_)) => return Ok(Ok(to_request(&request))),
            Ok(httparse::Status::Partial) if head.len() < LONGEST_HEAD => {}
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                return Ok(Err(Response::refusal(Status::TooLarge, "the head of the request is too long")));
            }
            Err(error) => return Ok(Err(Response::refusal(Status::BadRequest, &format!("no HTTP request: {error}")))),
        }
    }
}

/// Converts a parsed head.
fn to_request(request: &httparse::Request<'_, '_>) -> Request {
    let mut hosts = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host"));
    let host = hosts.next().and_then(|header| std::str::from_utf8(header.value).ok());
    Request {
        method: request.method.unwrap_or_default().to_owned(),
        path: request.path.unwrap_or_default().to_owned(),
        host: host.filter(|_| hosts.next().is_none()).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Yields a byte at a time, as a slow network may.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            into[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn a_request_is_read_whole_however_it_comes() {
        let text = b"GET /data/run HTTP/1.1\r\nhost: 127.0.0.1:9\r\nAccept: */*\r\n\r\n";
        let request = read_request(Dripping(text)).unwrap().unwrap();
        let (method, path) = ("GET".to_owned(), "/data/run".to_owned());
        assert_eq!(request, Request { method, path, host: Some("127.0.0.1:9".to_owned()) });
    }

    #[test]
    fn two_hosts_are_none() {
        let text = b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
        assert_eq!(read_request(&text[..]).unwrap().unwrap().host, None);
    }

    #[test]
    fn what_is_no_request_is_answered() {
        let status = |text: &[u8]| read_request(text).map(|read| read.unwrap_err().status);
        assert_eq!(status(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").unwrap(), Status::BadRequest);
        assert_eq!(status(b"GET / HTTP/7.1\r\n\r\n").unwrap(), Status::BadRequest);
        assert_eq!(
            status(format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(20_000)).as_bytes()).unwrap(),
            Status::TooLarge
        );
        assert_eq!(
            status(format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(65)).as_bytes()).unwrap(),
            Status::TooLarge
        );
        assert!(read_request(&b"GET / HT"[..]).is_err(), "ended before its head did");
    }
}
