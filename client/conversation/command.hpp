#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace client {

/// A typed line, parsed.
struct Command {
  enum class Kind { text, help, stats, ping, send, hex, close, reconnect, quit, unknown };

  Kind kind = Kind::text;
  std::string argument;  ///< of a command; of text, what to send, without a line end
};

/// A line that begins with one colon is a command. With two it is text, less the first colon. Any
/// other line is text. The argument of an unknown command is its name.
Command parse_command(std::string_view line);

/// The text that `:help` shows.
std::string help_text();

/// The words that could replace the last one of this line: commands, on or off, or files. Nothing
/// for a line of text, in which a Tab is text too.
std::optional<std::vector<std::string>> completions(std::string_view line);

}  // namespace client
