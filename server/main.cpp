#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "coro/scheduler.hpp"
#include "coro/stack_overflow.hpp"
#include "coro/timer.hpp"
#include "program/standard_streams.hpp"
#include "server/accept/inherited_sockets.hpp"
#include "server/admin/health_check.hpp"
#include "server/config/config_error.hpp"
#include "server/config/loader.hpp"
#include "server/config/options.hpp"
#include "server/log/event_log.hpp"
#include "server/log/log_destination.hpp"
#include "server/process/daemon.hpp"
#include "server/process/pid_file.hpp"
#include "server/process/requests.hpp"
#include "server/process/terminal.hpp"
#include "server/process/upgrade_request.hpp"
#include "server/server.hpp"
#include "server/session/coroutine_names.hpp"
#include "server/tls/identity.hpp"
#include "server/upgrade/program.hpp"
#include "server/upgrade/state_codec.hpp"

namespace {

constexpr const char* main_coroutine = "server";

// A peer that is gone and a file that may not grow are errors of the write. Requests for figures, a
// new log file, a reload or an upgrade wait until there is a service, and do nothing to one that
// has ended.
void keep_signals_from_ending_the_service() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const sigset_t requests = server::requests();
  ::pthread_sigmask(SIG_BLOCK, &requests, nullptr);
}

// For the operator, before there is a log or where the log does not go: a line on the terminal, or
// in systemd's journal, there with its priority (sd-daemon(3)).
void report(const std::string& line, const char* priority) {
  const bool journal = server::LogDestination::inherited(STDERR_FILENO).journal();
  std::cerr << (journal ? priority : "") << "coroecho: " << line << '\n';
}

void warn(const std::string& line) {
  report(line, "<4>");
}

// The service needs no privileges. Only a person at a terminal can start it otherwise next time; a
// service manager and a container have chosen the user.
void warn_of_root(const server::ServiceEnvironment& environment) {
  const bool by_hand =
      ::isatty(STDERR_FILENO) == 1 && environment.notify_socket.empty() && ::getpid() != 1;
  if (!by_hand || ::geteuid() != 0) return;
  warn(
      "warning: the service runs as root and needs no privileges: use coroecho.socket, the image, "
      "or setpriv --reuid=nobody --regid=nogroup --clear-groups coroecho");
}

int fail(const std::string& line, int exit_code) {
  report(line, "<3>");
  return exit_code;
}

// The answer to an option such as --help. A disk may be full; a pipe whose reader has gone ends the
// program quietly.
int print(const std::string& text) {
  std::signal(SIGPIPE, SIG_DFL);
  errno = 0;
  if (std::cout << text << std::flush) return EXIT_SUCCESS;
  const std::string reason = errno == 0 ? "" : ": " + std::generic_category().message(errno);
  return fail("cannot write to standard output" + reason, EXIT_FAILURE);
}

int report_health(const server::Config& config) try {
  server::check_health(config);
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  return fail(std::string("not well: ") + error.what(), EXIT_FAILURE);
}

// For the program that is about to execute this one in its process. A start that would be
// refused is an exception here.
int check_upgrade(const server::Config& config, int version) {
  // The service may have inherited a socket for TLS.
  static_cast<void>(server::load_tls_identity(config, !config.tls.certificate.empty()));
  server::EventLog(STDOUT_FILENO, STDERR_FILENO).configure(config);
  if (version <= server::state_version) return print("coroecho " COROECHO_VERSION "\n");
  return fail("the service's state has version " + std::to_string(version) + ", and version " +
                  std::to_string(server::state_version) + " is the last that this program reads",
              EX_USAGE);
}

int request_upgrade(const std::filesystem::path& pid_file) try {
  server::request_upgrade(pid_file);
  return EXIT_SUCCESS;
} catch (const server::NotRunning& error) {
  return fail(error.what(), EX_UNAVAILABLE);
} catch (const std::exception& error) {
  return fail(error.what(), EXIT_FAILURE);
}

// An exception ends the coroutine that it left. If that served one client, the others go on. If it
// was the main coroutine, the program ends; without any other one the service stops.
void handle_exception(server::EventLog& log, server::Server& service, const char* coroutine,
                      const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    log.error({"exception", {{"coroutine", coroutine}, {"reason", error.what()}}},
              "coroutine '{}' ended by an exception: {}", coroutine, error.what());
  }
  if (coroutine == main_coroutine) std::rethrow_exception(exception);
  if (!server::serves_one_client(coroutine)) service.fail();
}

// The first exception from outside of the coroutines stops the service, the second ends the
// program.
void run(coro::Scheduler& scheduler, const coro::Task& main, server::EventLog& log,
         server::Server& service) {
  try {
    return scheduler.run(main);
  } catch (const std::exception& error) {
    if (main.done()) throw;
    log.error({"exception", {{"reason", error.what()}}}, "the scheduler failed: {}", error.what());
  }
  service.fail();
  scheduler.run(main);
}

// While the log's destination does not take all, the scheduler wakes and comes here again.
void flush(server::EventLog& log, coro::Timer& retry) {
  log.flush();
  const auto retry_at = log.retry_at();
  if (retry_at && !retry.pending()) retry.expire_at(*retry_at);
}

int serve(const server::Options& options, const server::Config& config, server::Startup startup) {
  server::EventLog log;
  log.configure(config);
  if (startup.state) log.adopt(startup.state->log);
  const sigset_t requests_to_stop = server::requests_to_stop();
  ::pthread_sigmask(SIG_BLOCK, &requests_to_stop, nullptr);

  int exit_code = EX_SOFTWARE;
  coro::Scheduler scheduler;
  coro::Timer retry(scheduler, [] {});
  scheduler.before_sleep([&] { flush(log, retry); });
  // Destroyed first, and with it all coroutines: they refer to everything above.
  server::Server service(
      scheduler, log, config, [&] { return server::effective_config(options); },
      std::move(startup));
  scheduler.on_exception([&](const char* name, const std::exception_ptr& exception) {
    handle_exception(log, service, name, exception);
  });
  const coro::Task main =
      scheduler.spawn(main_coroutine, [&](coro::Yield yield) { exit_code = service.run(yield); })
          .value();
  run(scheduler, main, log, service);
  log.close();
  return exit_code;
}

void take_pid_file(const std::filesystem::path& path, server::Startup& startup) {
  if (startup.state && startup.state->pid_file) {
    coro::Descriptor file(*startup.state->pid_file);
    startup.pid_file.emplace(server::PidFile::adopt(path, std::move(file)));
  } else {
    startup.pid_file.emplace(path);
  }
}

// Serves, in the background with --daemon: until it listens, its errors are shown on the terminal
// too.
int start(const server::Options& options, const server::Config& config, server::Startup startup) {
  if (startup.state) {
    // The program before this one has inherited them. A number that it has closed since, because
    // the socket was shut down, may be that of a client by now.
    startup.environment = startup.state->environment;
    for (const server::ListenerState& listener : startup.state->listeners)
      if (listener.inherited && listener.asked.transport == server::Transport::tls)
        startup.sockets.tls.push_back(listener.socket);
  } else {
    startup.environment = server::ServiceEnvironment::take();
    warn_of_root(startup.environment);
    startup.sockets = server::inherited_sockets(startup.environment.descriptors);
  }
  // Without a certificate clients of TLS fail, and the others must not after an upgrade.
  const bool needs_tls =
      !startup.sockets.tls.empty() && !(startup.state && config.tls.certificate.empty());
  startup.tls = server::load_tls_identity(config, needs_tls);
  if (options.config) startup.config_file = std::filesystem::absolute(*options.config).string();
  server::Daemon daemon;
  if (!options.daemon) startup.terminal = server::Terminal::controlling();
  if (options.daemon && startup.state) {
    server::Daemon::go_on();
  } else if (options.daemon) {
    if (config.log.file.empty())
      warn("warning: --daemon without log.file: the log goes to /dev/null");
    if (const auto exit_code = daemon.begin(startup.environment.first_unwanted()))
      return *exit_code;
  }
  startup.listens = [&] { daemon.detach(); };
  startup.failed = [&](const std::string& error) {
    const bool logged_elsewhere = daemon.attached() || !config.log.file.empty();
    if (logged_elsewhere) report(error, "<3>");
  };
  if (options.pidfile) take_pid_file(*options.pidfile, startup);
  return serve(options, config, std::move(startup));
}

// After an upgrade there is no program to go back to, and clients wait. A child has taken the same
// step a moment ago, so if it fails now, that is likely want of memory or descriptors and soon
// over.
template <typename Step>
auto take(Step step, bool after_upgrade) {
  for (int attempts = after_upgrade ? 5 : 1;;) {
    try {
      return step();
    } catch (const std::exception&) {
      if (--attempts == 0) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

// Options, configuration, then the service. A mistake of the operator is one line and an exit code
// of sysexits.h.
int main(int argc, char** argv) {
  program::occupy_closed_standard_streams();
  keep_signals_from_ending_the_service();
  coro::report_stack_overflow();
  try {
    server::Startup startup{.program = server::Program::started(argc, argv),
                            .state = server::take_state()};
    const bool after_upgrade = startup.state.has_value();
    const server::Options options =
        take([&] { return server::parse_options(argc, argv); }, after_upgrade);
    if (options.answer) return print(*options.answer);
    std::ranges::for_each(options.warnings, warn);
    if (options.upgrade) return request_upgrade(*options.pidfile);
    const server::Config config =
        take([&] { return server::effective_config(options); }, after_upgrade);
    if (options.check_config) {
      static_cast<void>(server::load_tls_identity(config));  // its files are a part of it
      return print(server::to_yaml(config));
    }
    if (options.check_health) return report_health(config);
    if (options.check_upgrade) return check_upgrade(config, *options.check_upgrade);
    return start(options, config, std::move(startup));
  } catch (const server::UsageError& error) {
    return fail(std::string(error.what()) + " (see coroecho --help)", EX_USAGE);
  } catch (const server::ConfigError& error) {
    return fail(error.what(), EX_CONFIG);
  } catch (const server::AlreadyRunning& error) {
    return fail(error.what(), EX_UNAVAILABLE);
  } catch (const std::exception& error) {
    return fail(error.what(), EX_SOFTWARE);
  }
}
