//! A crawler with a thread for each page: it follows the links of a site of a thousand pages.
//!
//! `cargo run --release --example crawler [-- --native] [--pages N]` starts the site itself, on
//! loopback, where each page takes 20 milliseconds. `--server ADDRESS` crawls another one, from
//! `/0.html` on.

use greenpatch::patchable;
use greenpatch_examples::{Summary, number, patch_unless_native, text};

#[patchable]
mod program {
    use std::collections::HashSet;
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc::{self, Sender};
    use std::thread;
    use std::time::Duration;

    /// Returns the content of a page in a site of `pages` pages: links to two later pages.
    pub fn page(number: usize, pages: usize) -> String {
        let links = [2 * number + 1, 2 * number + 2].map(|link| match link {
            link if link < pages => format!("<a href=\"/{link}.html\">{link}</a> "),
            _ => String::new(),
        });
        format!("<html><h1>{number}</h1>{}{}</html>\n", links[0], links[1])
    }

    /// Starts a site and returns its address.
    pub fn start_site(pages: usize) -> io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream, pages));
            }
        });
        Ok(address)
    }

    fn serve(stream: TcpStream, pages: usize) -> io::Result<()> {
        let mut lines = BufReader::new(&stream).lines();
        let request = lines.next().unwrap_or(Ok(String::new()))?;
        // Reads the whole request: closing a socket with unread bytes resets the connection.
        lines
            .take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()))
            .for_each(drop);
        thread::sleep(Duration::from_millis(20));
        let path = request.split(' ').nth(1).unwrap_or_default();
        let name = path.trim_start_matches('/').trim_end_matches(".html");
        let body = match name.parse() {
            Ok(number) if number < pages => page(number, pages),
            _ => "no such page".to_owned(),
        };
        let length = body.len();
        write!(
            &stream,
            "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }

    /// Follows all links from the first page. Returns the number of pages.
    pub fn crawl(server: &str) -> usize {
        let (sender, found) = mpsc::channel();
        let mut seen = HashSet::new();
        let mut under_way = 0;
        let mut fetched = 0;
        let mut begin = |path: String, sender: &Sender<_>| {
            if !seen.insert(path.clone()) {
                return 0;
            }
            let (server, sender) = (server.to_owned(), sender.clone());
            thread::spawn(move || {
                let links = fetch(&server, &path).map(|page| links(&page));
                sender.send(links).expect("the crawler waits for all pages");
            });
            1
        };
        under_way += begin("/0.html".to_owned(), &sender);
        while under_way > 0 {
            let links = found.recv().expect("each page reports");
            under_way -= 1;
            match links {
                Ok(links) => {
                    fetched += 1;
                    under_way += links
                        .into_iter()
                        .map(|link| begin(link, &sender))
                        .sum::<usize>();
                }
                Err(error) => eprintln!("a page is missing: {error}"),
            }
        }
        fetched
    }

    /// Requests a page. Repeats the request a few times if the system has reset the connection, which happens if more
    /// clients connect at once than the accept queue holds: 128 for a listener of std.
    fn fetch(server: &str, path: &str) -> io::Result<String> {
        let mut tries = 5;
        loop {
            tries -= 1;
            match ask(server, path) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset && tries > 0 => {}
                result => return result,
            }
        }
    }

    fn ask(server: &str, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(server)?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {server}\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        Ok(page)
    }

    fn links(page: &str) -> Vec<String> {
        let rest = page.split("href=\"").skip(1);
        rest.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
            .collect()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    patch_unless_native()?;
    let pages = number("--pages", 1000);
    let server = match text("--server") {
        Some(server) => server,
        None => program::start_site(pages)?,
    };
    let summary = Summary::begin();
    let fetched = program::crawl(&server);
    summary.print(fetched);
    assert_eq!(fetched, pages);
    Ok(())
}
