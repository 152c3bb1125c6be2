#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>

/// Asio's I/O objects on the io_context's own executor: Asio's default, any_io_executor, costs an
/// indirect call and a reference count for each operation, for a freedom that a single-threaded
/// program does not use.
namespace coro {

using boost::system::error_code;
using Clock = std::chrono::steady_clock;

using Executor = boost::asio::io_context::executor_type;

/// A connected byte stream of any kind: TCP or Unix.
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;
using Acceptor =
    boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol, Executor>;
using Endpoint = boost::asio::generic::stream_protocol::endpoint;

}  // namespace coro
