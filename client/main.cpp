#include <fmt/format.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>
#include <variant>

#include "client/bench.hpp"
#include "client/conversation.hpp"
#include "client/options.hpp"
#include "client/ping.hpp"
#include "client/pipe.hpp"
#include "coro/standard_streams.hpp"

namespace {

int run(const client::Options& options) {
  if (options.mode == client::Options::Mode::ping) return client::run_ping(options);
  if (options.mode == client::Options::Mode::bench) return client::run_bench(options);
  const bool at_terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  return at_terminal ? client::run_conversation(options) : client::run_pipe(options);
}

// Without a locale there is still UTF-8 on nearly every terminal.
void use_locale() {
  const char* const locale = std::setlocale(LC_CTYPE, "");
  if (locale == nullptr || std::string_view(locale) == "C") std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

int main(int argc, char** argv) {
  coro::occupy_closed_standard_streams();
  use_locale();
  // Whoever started us may ignore it; in a pipeline whose reader has gone it is what ends a filter
  // quietly.
  std::signal(SIGPIPE, SIG_DFL);
  try {
    const auto parsed = client::parse_options(argc, argv);
    if (const auto* early = std::get_if<client::EarlyExit>(&parsed)) {
      fmt::print(stdout, "{}", early->output);
      fmt::print(stderr, "{}", early->error);
      return early->status;
    }
    return run(std::get<client::Options>(parsed));
  } catch (const std::exception& error) {
    fmt::print(stderr, "coroecho-client: {}\n", error.what());
    return 1;
  }
}
