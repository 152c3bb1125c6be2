#include "server/log/log_queue.hpp"

namespace server {

LogQueue::LogQueue() {
  records_.reserve(max_records);
  text_.reserve(max_text);
}

bool LogQueue::fits(const LogRecord& record) const {
  return empty() || (records_.size() < max_records &&
                     text_.size() + record.peer.size() + record.text.size() <= max_text);
}

void LogQueue::push(const LogRecord& record) {
  records_.push_back(record);
  text_.append(record.peer);
  text_.append(record.text);
}

}  // namespace server
