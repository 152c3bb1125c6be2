#include "tests/service/client_terminal.hpp"

#include <stdexcept>
#include <thread>

#include "tests/service/patience.hpp"
#include "tests/service/process.hpp"

namespace service {
namespace {

template <typename Predicate>
std::string wait_for_screen(const Terminal& terminal, std::string_view what, Predicate holds) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    auto screen = terminal.screen();
    if (holds(screen)) return screen;
    if (Clock::now() > deadline) {
      throw std::runtime_error("the screen never showed '" + std::string(what) + "':\n" + screen);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(glance));
  }
}

std::string without_blanks_at_the_end(std::string screen) {
  std::string result;
  for (std::size_t begin = 0; begin < screen.size();) {
    const auto end = std::min(screen.find('\n', begin), screen.size());
    auto line = screen.substr(begin, end - begin);
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + '\n';
    begin = end + 1;
  }
  result.erase(result.find_last_not_of('\n') + 1);
  return result;
}

}  // namespace

Terminal::Terminal(const std::string& command) : Terminal(command, Size{}) {}

Terminal::Terminal(const std::string& command, Size size) : socket_((home_ / "tmux").string()) {
  tmux({"new-session", "-d", "-x", std::to_string(size.columns), "-y", std::to_string(size.rows),
        "env", "HOME=" + home_.path().string(), "LC_ALL=C.UTF-8", "sh", "-c",
        "trap : INT; " + command + "; echo exit=$?; sleep 1000"});
}

Terminal::~Terminal() {
  tmux({"kill-server"});
}

std::string Terminal::tmux(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"env", "-u", "TMUX", "TERM=xterm-256color", "tmux", "-u",
                                       "-S", socket_, "-f", "/dev/null"});
  return run(arguments).output;
}

void Terminal::type(std::string_view text) const {
  tmux({"send-keys", "-l", "--", std::string(text)});
}

void Terminal::press(std::string_view key) const {
  tmux({"send-keys", std::string(key)});
}

void Terminal::enter(std::string_view line) const {
  type(line);
  press("Enter");
}

void Terminal::resize(Size size) const {
  tmux({"resize-window", "-x", std::to_string(size.columns), "-y", std::to_string(size.rows)});
}

std::string Terminal::screen() const {
  return without_blanks_at_the_end(tmux({"capture-pane", "-p"}));
}

std::string Terminal::coloured_screen() const {
  return tmux({"capture-pane", "-p", "-e"});
}

std::string Terminal::wait_for(std::string_view text) const {
  return wait_for_screen(*this, text, [text](const std::string& screen) {
    return screen.find(text) != std::string::npos;
  });
}

std::string Terminal::wait_for_last_line(std::string_view line) const {
  return wait_for_screen(*this, line,
                         [line](const std::string& screen) { return last_line(screen) == line; });
}

std::string last_line(std::string_view screen) {
  const auto newline = screen.rfind('\n');
  return std::string(newline == std::string_view::npos ? screen : screen.substr(newline + 1));
}

}  // namespace service
