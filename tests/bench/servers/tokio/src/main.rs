// tokio as its own introduction shows it, on one thread.
//   tokio_echo PORT
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn serve(mut socket: TcpStream) -> std::io::Result<()> {
    let mut data = [0; 4096];
    loop {
        let size = socket.read(&mut data).await?;
        if size == 0 {
            return Ok(());
        }
        socket.write_all(&data[..size]).await?;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).expect("usage: tokio_echo PORT");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(serve(socket));
    }
}
