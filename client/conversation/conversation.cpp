#include "client/conversation/conversation.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "client/conversation/command.hpp"
#include "client/conversation/conversation_jobs.hpp"
#include "client/output/rendering.hpp"
#include "client/output/units.hpp"
#include "client/terminal/terminal.hpp"
#include "client/udp/datagram_link.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/link.hpp"
#include "client/wire/run.hpp"
#include "coro/condition.hpp"
#include "coro/error.hpp"
#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"
#include "program/histogram.hpp"
#include "program/quantity.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::error_code;
using coro::Yield;
namespace error = boost::asio::error;

std::string too_large() {
  return fmt::format("a datagram has at most {} bytes", DatagramSocket::largest);
}

bool is_larger_than_a_datagram(const std::string& path) {
  std::error_code unknown;
  const auto size = std::filesystem::file_size(path, unknown);
  return !unknown && size > DatagramSocket::largest;
}

// Typed lines go to the server, and their echoes to the screen. One coroutine reads lines and obeys
// them; the link has one that receives; each :ping and :send has its own, so that the prompt stays
// usable.
class Conversation {
 public:
  Conversation(coro::Scheduler& scheduler, const Options& options);

  void begin();
  bool succeeded() const { return succeeded_; }
  /// The signal that ended it, or 0.
  int terminated_by() const { return terminated_by_; }

 private:
  // Pings, or a file.
  struct Job {
    coro::Task task;
    bool sends_file;  // at the end of the input it is sent to its end
  };

  void run(Yield yield);
  void finish(Yield yield);
  error_code wait_for_files(Yield yield);
  std::unique_ptr<Channel> make_link();
  bool connect(Yield yield);
  void obey(const Command& command, Yield yield);
  void send_line(const std::string& text, Yield yield);
  void show(const Exchange::Reply& reply);
  void show_surplus(DatagramLink::Surplus surplus, std::string_view bytes);
  void show_bytes(std::string_view text, const std::string& label, const std::string& note);
  void show_statistics();
  void set_hex(const std::string& argument);
  void start_pings(const std::string& count);
  void start_file(const std::string& path);
  void start(const char* name, std::function<void(Yield)> body, bool sends_file = false);
  void close();
  void handle_signal(int signal);
  void lost(const Failure& failure);
  void show_prompt();

  const Options* options_;
  coro::Scheduler* scheduler_;
  Terminal terminal_;
  std::unique_ptr<Channel> link_;
  program::Histogram round_trips_;
  coro::Task main_;
  std::vector<Job> jobs_;
  bool connecting_ = false;
  coro::Condition turn_to_connect_;
  bool hex_ = false;
  bool quitting_ = false;
  bool succeeded_ = false;
  int terminated_by_ = 0;
};

Conversation::Conversation(coro::Scheduler& scheduler, const Options& options)
    : options_(&options),
      scheduler_(&scheduler),
      terminal_(scheduler,
                options.history ? std::optional<LineHistory>(history_file()) : std::nullopt,
                completions, [this](int signal) { handle_signal(signal); }),
      link_(make_link()) {}

std::unique_ptr<Channel> Conversation::make_link() {
  auto on_loss = [this](const Failure& failure) { lost(failure); };
  const auto& target = options_->target;
  if (!options_->udp) return std::make_unique<Link>(*scheduler_, target, std::move(on_loss));
  return std::make_unique<DatagramLink>(
      *scheduler_, target, options_->wait, std::move(on_loss),
      [this](auto surplus, auto bytes) { show_surplus(surplus, bytes); });
}

void Conversation::begin() {
  main_ = scheduler_->spawn("conversation", [this](Yield yield) { run(yield); }).value();
}

void Conversation::run(Yield yield) {
  if (!connect(yield)) return terminal_.stop();
  succeeded_ = true;
  terminal_.say(":help lists the commands, Ctrl-D leaves");
  while (!quitting_) {
    const auto line = terminal_.read_line(yield);
    if (!line) break;
    obey(parse_command(*line), yield);
  }
  if (!quitting_) finish(yield);
  for (const auto& job : jobs_)
    job.task.cancel();
  for (const auto& job : jobs_)  // one may just have connected
    while (job.task.join(yield)) {
    }
  close();
  show_statistics();
  if (link_->bytes_back() < link_->bytes_sent()) succeeded_ = false;
  terminal_.stop();
}

void Conversation::finish(Yield yield) {
  const auto error = wait_for_files(yield);
  if (error == error::operation_aborted) return;
  link_->finish(yield, error ? Clock::duration::zero() : options_->timeout);
}

// For as long as echoes come back.
error_code Conversation::wait_for_files(Yield yield) {
  for (const auto& job : jobs_) {
    while (job.sends_file && !job.task.done()) {
      const auto before = link_->bytes_back();
      const coro::TimeLimit time(yield, options_->timeout);
      const auto interrupted = job.task.join(yield);
      if (interrupted && !time.expired()) return interrupted;
      if (interrupted && link_->bytes_back() == before) return error::timed_out;
    }
  }
  return {};
}

// ---- the connection

// A line, :ping and :send may want the connection at the same time. The first of them makes it.
bool Conversation::connect(Yield yield) {
  if (turn_to_connect_.wait(yield, [this] { return !connecting_; })) return false;
  if (link_->is_open()) return true;
  connecting_ = true;
  const auto error = link_->open(yield, options_->timeout);
  connecting_ = false;
  turn_to_connect_.notify_all();
  show_prompt();
  if (error == boost::asio::error::operation_aborted) return false;  // Ctrl-C
  if (error) {
    terminal_.complain(text_of(connect_failure(options_->target, error)));
    return false;
  }
  terminal_.say(terminal_.style().dim(link_->description()));
  return true;
}

void Conversation::close() {
  link_->close();
  show_prompt();
}

void Conversation::lost(const Failure& failure) {
  succeeded_ = false;
  show_prompt();
  terminal_.complain(text_of(failure));
}

void Conversation::show_prompt() {
  terminal_.set_prompt((link_->is_open() ? options_->target.name() : "not connected") + "> ");
}

// ---- lines

void Conversation::obey(const Command& command, Yield yield) {
  using Kind = Command::Kind;
  switch (command.kind) {
    case Kind::text:
      return send_line(command.argument + '\n', yield);
    case Kind::help:
      return terminal_.say(help_text());
    case Kind::stats:
      return show_statistics();
    case Kind::ping:
      return start_pings(command.argument);
    case Kind::send:
      return start_file(command.argument);
    case Kind::hex:
      return set_hex(command.argument);
    case Kind::close:
      return close();
    case Kind::reconnect:
      close();
      connect(yield);
      return;
    case Kind::quit:
      quitting_ = true;
      return;
    case Kind::unknown:
      return terminal_.say(fmt::format("{} is no command; :help lists them, and :{} sends it",
                                       escaped(command.argument), escaped(command.argument)));
  }
}

void Conversation::send_line(const std::string& text, Yield yield) {
  if (!connect(yield)) return;
  const auto error = link_->send(
      text, [this](const auto& reply) { show(reply); }, yield);
  if (error == boost::asio::error::message_size)
    return terminal_.say(terminal_.style().bad("not sent: " + too_large()));
  if (error) terminal_.say(terminal_.style().bad("not sent"));
}

void Conversation::show(const Exchange::Reply& reply) {
  round_trips_.record(reply.round_trip);
  show_bytes(reply.bytes, "recv from server:", fmt::format("  ({})", time_text(reply.round_trip)));
}

void Conversation::show_surplus(DatagramLink::Surplus surplus, std::string_view bytes) {
  using Surplus = DatagramLink::Surplus;
  const auto* const note = surplus == Surplus::again  ? "  (again)"
                           : surplus == Surplus::late ? "  (late)"
                                                      : "  (not what was sent)";
  show_bytes(bytes, "recv from server:", note);
}

void Conversation::show_bytes(std::string_view text, const std::string& label,
                              const std::string& note) {
  const auto& style = terminal_.style();
  if (hex_) {
    auto rows = hex_dump(text);
    if (!rows.empty()) rows.pop_back();
    return terminal_.say(
        fmt::format("{}{} bytes{}\n{}", style.dim(label), text.size(), style.dim(note), rows));
  }
  if (text.ends_with('\n')) text.remove_suffix(1);
  terminal_.say(fmt::format("{}{}{}", style.dim(label), escaped(text), style.dim(note)));
}

// ---- commands

void Conversation::show_statistics() {
  terminal_.say(fmt::format("sent {}, {} came back the same",
                            bytes_text(static_cast<double>(link_->bytes_sent())),
                            bytes_text(static_cast<double>(link_->bytes_back()))));
  if (!round_trips_.empty()) terminal_.say(round_trip_text(round_trips_));
}

void Conversation::set_hex(const std::string& argument) {
  if (argument != "on" && argument != "off") return terminal_.say(":hex on, or :hex off");
  hex_ = argument == "on";
}

void Conversation::start_pings(const std::string& count) {
  const auto number =
      count.empty() ? 5 : program::parse_whole_number(count, program::Spelling::free).value_or(0);
  if (number == 0) return terminal_.say(":ping N: how many?");
  start("pings", [this, number](Yield yield) {
    send_pings(*link_, number, round_trips_, terminal_, yield);
  });
}

void Conversation::start_file(const std::string& path) {
  if (path.empty()) return terminal_.say(":send FILE: which one?");
  if (options_->udp && is_larger_than_a_datagram(path))
    return terminal_.say(fmt::format("{}: {}", escaped(path), too_large()));
  const bool sends_file = true;
  start(
      "file", [this, path](Yield yield) { send_file(*link_, path, terminal_, yield); }, sends_file);
}

void Conversation::start(const char* name, std::function<void(Yield)> body, bool sends_file) {
  std::erase_if(jobs_, [](const auto& job) { return job.task.done(); });
  const auto task = scheduler_->spawn(name, [this, body = std::move(body)](Yield yield) {
    if (connect(yield)) body(yield);
  });
  if (!task) return terminal_.say(terminal_.style().bad(task.error().message()));
  jobs_.push_back({*task, sends_file});
}

// ---- signals

void Conversation::handle_signal(int signal) {
  if (signal == SIGQUIT) return show_statistics();
  if (signal == SIGINT) {
    for (const auto& job : jobs_)
      job.task.cancel();
    if (!terminal_.is_reading()) main_.cancel();  // connecting, sending, or waiting for echoes
  } else {
    terminated_by_ = signal;
    quitting_ = true;
    main_.cancel();
  }
}

}  // namespace

int run_conversation(const Options& options) {
  int signal = 0;
  bool succeeded = false;
  {
    coro::Scheduler scheduler;
    Conversation conversation(scheduler, options);
    run_to_end(scheduler, [&] { conversation.begin(); });
    signal = conversation.terminated_by();
    succeeded = conversation.succeeded();
  }
  if (signal != 0) {  // the terminal is given back: end as if the signal had not been caught
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  return succeeded ? 0 : 1;
}

}  // namespace client
