#include "client/wire/resolution.hpp"

#include <sys/eventfd.h>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "coro/descriptor.hpp"
#include "coro/error.hpp"
#include "coro/readiness.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using boost::asio::ip::tcp;
using coro::error_code;
namespace error = boost::asio::error;

bool is_localhost(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return boost::iequals(name, "localhost") || boost::iends_with(name, ".localhost");
}

error_code look_up(const Target& target, tcp::resolver::flags flags, Addresses& addresses) {
  const auto hosts = is_localhost(target.host) ? std::vector<std::string>{"127.0.0.1", "::1"}
                                               : std::vector{target.host};
  boost::asio::io_context context;
  tcp::resolver resolver(context);
  error_code failed;
  for (const auto& host : hosts)
    for (const auto& entry : resolver.resolve(host, target.port, flags, failed))
      addresses.push_back(entry.endpoint());
  return addresses.empty() ? failed : error_code();
}

// A name being looked up, on a thread of its own.
struct Lookup {
  Lookup(coro::Descriptor event, Target looked_for)
      : done(std::move(event)), target(std::move(looked_for)) {}

  void run();

  coro::Descriptor done;  // an eventfd(2), readable when the rest is there
  Target target;
  error_code failed;
  Addresses addresses;
};

void Lookup::run() {
  try {
    failed = look_up(target, {}, addresses);
  } catch (const std::exception&) {
    failed = error::no_memory;
  }
  ::eventfd_write(done.number(), 1);
}

// getaddrinfo(3) cannot be interrupted. Asio's asynchronous resolver would keep the process from
// ending until it returns; this thread is left behind.
error_code start(const std::shared_ptr<Lookup>& lookup) {
  try {
    std::thread([lookup] { lookup->run(); }).detach();
    return {};
  } catch (const std::system_error& no_thread) {
    return {no_thread.code().value(), boost::system::system_category()};
  }
}

}  // namespace

boost::system::result<Addresses> resolve(coro::Yield yield, const Target& target,
                                         coro::Clock::duration limit) {
  Addresses numeric;  // which nobody has to be asked about
  const auto not_numeric =
      look_up(target, tcp::resolver::numeric_host | tcp::resolver::numeric_service, numeric);
  if (!not_numeric) return numeric;
  const auto lookup =
      std::make_shared<Lookup>(coro::Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), target);
  const int event = lookup->done.number();
  if (event < 0) return coro::last_error();
  if (const auto failed = start(lookup)) return failed;
  coro::Readiness done(yield.scheduler(), event);
  const coro::TimeLimit time(yield, limit);
  const auto interrupted = done.wait_readable(yield);
  if (interrupted && !time.expired()) return interrupted;
  eventfd_t count = 0;  // after a pause of the whole process the answer is there all the same
  if (::eventfd_read(event, &count) != 0) return error_code(error::timed_out);
  if (lookup->failed) return lookup->failed;
  return lookup->addresses;
}

}  // namespace client
