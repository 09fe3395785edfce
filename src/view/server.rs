//! The HTTP server of the explorer: read-only, on the loopback interface.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::http::{Request, Response, Status, read_request};
use super::{DataPart, Parts, page};

/// Largest number of connections at a time; further ones are closed without an answer.
const MOST_CONNECTIONS: usize = 64;

/// Deadlines of every connection, whatever amount of data is transferred meanwhile.
const DEADLINES: Deadlines = Deadlines { request: Duration::from_secs(10), answer: Duration::from_mins(1) };

/// Deadlines of a connection.
#[derive(Clone, Copy, Debug)]
struct Deadlines {
    /// From the first read to the end of the request's head.
    request: Duration,
    /// From the first write of the response to its last.
    answer: Duration,
}

/// A bound port on which nothing is served yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Binds a port of 127.0.0.1; 0 selects a free one.
    ///
    /// # Errors
    /// If the port is in use.
    pub fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address of the page.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

/// Serves the page and its parts for as long as the process lasts.
pub fn serve(server: &Server, parts: &Arc<dyn Parts>) {
    // Every connection holds a clone until its thread ends; their number is the number of connections.
    let open = Arc::new(());
    for stream in server.listener.incoming().flatten() {
        if Arc::strong_count(&open) > MOST_CONNECTIONS {
            continue;
        }
        let (parts, held, port) = (Arc::clone(parts), Arc::clone(&open), server.address.port());
        std::thread::spawn(move || {
            // Errors of a connection, such as a closed browser, concern that connection alone.
            let _ = handle_connection(&stream, DEADLINES, port, &*parts);
            drop(held);
        });
    }
}

/// Reads one request from a connection and answers it within the deadlines.
fn handle_connection(stream: &TcpStream, deadlines: Deadlines, port: u16, parts: &dyn Parts) -> io::Result<()> {
    exchange(Timed::within(stream, deadlines.request), Timed::within(stream, deadlines.answer), port, parts)
}

/// Reads one request and writes the response of a server on `port`.
///
/// # Errors
/// If the request ends before its head does, or either stream fails.
pub fn exchange(from: impl Read, to: impl Write, port: u16, parts: &dyn Parts) -> io::Result<()> {
    let response = match read_request(from)? {
        Ok(request) => respond(&request, port, parts),
        Err(refusal) => refusal,
    };
    response.write(to)
}

/// A connection with a deadline for all reads (or writes), counted from the first one.
struct Timed<'a> {
    stream: &'a TcpStream,
    time: Duration,
    deadline: Option<Instant>,
}

impl<'a> Timed<'a> {
    fn within(stream: &'a TcpStream, time: Duration) -> Self {
        Self { stream, time, deadline: None }
    }

    /// The time left before the deadline.
    ///
    /// # Errors
    /// `TimedOut` once it has passed.
    fn left(&mut self) -> io::Result<Option<Duration>> {
        let now = Instant::now();
        let left = self.deadline.get_or_insert(now + self.time).saturating_duration_since(now);
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(into)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(from)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The response to a request. Requests whose Host header is not this machine are refused: they come from a web site whose
/// domain name resolves to 127.0.0.1 (DNS rebinding).
fn respond(request: &Request, port: u16, parts: &dyn Parts) -> Response {
    let own = |host: &str| host == format!("127.0.0.1:{port}") || host == format!("localhost:{port}");
    if !request.host.as_deref().is_some_and(own) {
        return Response::refusal(Status::Forbidden, "served to this machine alone, as 127.0.0.1 or localhost");
    }
    if request.method != "GET" {
        return Response::refusal(Status::MethodNotAllowed, "there is nothing here but to read");
    }
    let not_found = || Response::refusal(Status::NotFound, "there is no such part");
    if request.path == "/" {
        return Response::html(page());
    }
    let Some(part) = request.path.strip_prefix("/data/").and_then(DataPart::parse) else { return not_found() };
    match parts.part(part) {
        Ok(Some(pack)) => Response::bytes(pack.bytes()),
        Ok(None) => not_found(),
        Err(error) => Response::refusal(Status::Failed, &error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordError;
    use crate::view::Pack;

    struct Two;

    impl Parts for Two {
        fn part(&self, part: DataPart) -> Result<Option<Pack>, RecordError> {
            let problem = || RecordError::Content { path: "run.h5".to_owned(), problem: "is damaged".to_owned() };
            match part {
                DataPart::Run => Ok(Some(Pack::default())),
                DataPart::Presentations => Err(problem()),
                _ => Ok(None),
            }
        }
    }

    /// Starts a server in a thread and returns its port.
    fn running() -> u16 {
        let server = Server::bind(0).unwrap();
        let port = server.address.port();
        assert!(server.address.ip().is_loopback());
        std::thread::spawn(move || serve(&server, &(Arc::new(Two) as Arc<dyn Parts>)));
        port
    }

    fn reply(port: u16, request: &[u8]) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.write_all(request).unwrap();
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        String::from_utf8_lossy(&reply).into_owned()
    }

    #[test]
    fn the_page_and_its_parts_are_served_and_nothing_else() {
        let port = running();
        let get = |path: &str| reply(port, format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes());
        assert!(get("/").starts_with("HTTP/1.1 200 OK\r\n") && get("/").contains("<!doctype html>"));
        assert!(get("/data/run").trim_end().ends_with("{\"meta\":null,\"arrays\":[]}"));
        assert!(
            get("/data/presentations").starts_with("HTTP/1.1 500 ")
                && get("/data/presentations").contains("is damaged")
        );
        for path in ["/data/spikes/1", "/data/", "/data", "/index.html", "//", "/../etc/passwd", "/data/../../run", "*"]
        {
            assert!(get(path).starts_with("HTTP/1.1 404 "), "{path}");
        }
    }

    #[test]
    fn other_hosts_and_other_methods_are_refused() {
        let port = running();
        let ask = |method: &str, host: &str| reply(port, format!("{method} / HTTP/1.1\r\n{host}\r\n\r\n").as_bytes());
        assert!(ask("GET", &format!("Host: localhost:{port}")).starts_with("HTTP/1.1 200 "));
        for host in ["Host: example.org", "Host: 127.0.0.1", "Host: 127.0.0.1:1", "Accept: */*", "Host:"] {
            assert!(ask("GET", host).starts_with("HTTP/1.1 403 "), "{host}");
        }
        for method in ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "get"] {
            assert!(ask(method, &format!("Host: 127.0.0.1:{port}")).starts_with("HTTP/1.1 405 "), "{method}");
        }
    }

    /// Single bytes that keep arriving, or being read, do not extend a deadline.
    #[test]
    fn a_slow_client_is_disconnected_at_its_deadline() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let dripping = std::thread::spawn(move || {
            while client.write_all(b"a").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let (start, time) = (Instant::now(), Duration::from_millis(300));
        let deadlines = Deadlines { request: time, answer: time };
        let ended = handle_connection(&stream, deadlines, 1, &Two).unwrap_err().kind();
        assert!(matches!(ended, io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock), "{ended:?}");
        assert!((0.3..5.0).contains(&start.elapsed().as_secs_f64()));
        let start = Instant::now();
        // The client reads nothing, and the buffers of the system hold less than this.
        let refused = Timed::within(&stream, time).write_all(&vec![0; 64 << 20]);
        assert!(refused.is_err() && start.elapsed() < Duration::from_secs(5));
        drop(stream);
        dripping.join().unwrap();
    }

    #[test]
    fn malformed_requests_do_no_harm() {
        let port = running();
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20));
        for bytes in
            [&b"\0\0\0\0\r\n\r\n"[..], b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n", b"GET / HTTP/9\r\n\r\n", long.as_bytes()]
        {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            // The server may have closed the connection already.
            let _ = stream.write_all(bytes);
        }
        let silent: Vec<_> = (0..20).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
        let head = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        assert!(reply(port, head.as_bytes()).starts_with("HTTP/1.1 200 "));
        drop(silent);
    }
}
