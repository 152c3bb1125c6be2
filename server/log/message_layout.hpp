#pragma once

#include <spdlog/common.h>
#include <spdlog/formatter.h>

#include <memory>
#include <string_view>

#include "server/config/config.hpp"
#include "server/log/log_event.hpp"

namespace server {

/// How a message of the service looks (log_format.hpp). Messages are rare, so spdlog lays them out:
/// time and level, and behind them the content that append_content() makes.
std::unique_ptr<spdlog::formatter> message_layout(LogFormat format, bool journal);

/// Appends the content of a message. Control characters are escaped: it is one line.
void append_content(spdlog::memory_buf_t& out, const LogAbout& about, std::string_view text,
                    LogFormat format);

}  // namespace server
