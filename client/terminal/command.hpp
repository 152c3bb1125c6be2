#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace client {

/// What a typed line asks for.
struct Command {
  enum class Kind { text, help, stats, ping, send, hex, close, reconnect, quit, unknown };

  Kind kind = Kind::text;
  std::string argument;  ///< of a command; for text, what is to be sent, without a line end
};

/// A line that begins with a colon is a command; two colons stand for one that is sent; all else is
/// sent as it is.
Command parse_command(std::string_view line);

/// What `:help` shows.
std::string help_text();

/// The words that could stand at the end of this line instead of the one that is being typed:
/// commands, on or off, or files. Nothing for a line that is no command: a Tab is text there.
std::optional<std::vector<std::string>> completions(std::string_view line);

}  // namespace client
