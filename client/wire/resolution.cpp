#include "client/wire/resolution.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <string_view>

#include "coro/resolve.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using boost::asio::ip::tcp;
using coro::error_code;

bool is_localhost(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return boost::iequals(name, "localhost") || boost::iends_with(name, ".localhost");
}

// Numbers need no thread: in a process that has one more, the C library's system calls cost more.
boost::system::result<Addresses> resolve_host(coro::Yield yield, const std::string& host,
                                              const std::string& port) {
  boost::asio::io_context context;
  error_code not_numeric;
  const auto found = tcp::resolver(context).resolve(
      host, port, tcp::resolver::numeric_host | tcp::resolver::numeric_service, not_numeric);
  if (not_numeric) return coro::resolve(yield, host, port);
  return Addresses(found.begin(), found.end());
}

}  // namespace

boost::system::result<Addresses> resolve(coro::Yield yield, const Target& target,
                                         coro::Clock::duration limit) {
  const auto hosts = is_localhost(target.host) ? std::vector<std::string>{"127.0.0.1", "::1"}
                                               : std::vector{target.host};
  const coro::TimeLimit time(yield, limit);
  Addresses addresses;
  error_code error;
  for (const auto& host : hosts) {
    const auto found = resolve_host(yield, host, target.port);
    if (found)
      addresses.insert(addresses.end(), found->begin(), found->end());
    else
      error = found.error();
  }
  const bool found_some = !addresses.empty();
  std::erase_if(addresses, [&](const tcp::endpoint& each) {
    return target.family && family_of(each.address()) != *target.family;
  });
  if (!addresses.empty()) return addresses;
  if (found_some) return error_code(boost::asio::error::no_data);
  return time.expired() && error == boost::asio::error::operation_aborted
             ? error_code(boost::asio::error::host_not_found_try_again)
             : error;
}

}  // namespace client
