#include "smoothbound/bounds/training_log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>

#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/fields.hpp"
#include "smoothbound/text/output_file.hpp"
#include "smoothbound/text/regular_file.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

constexpr std::string_view header =
    "iteration,objective,gradient_mapping,step,smoothness,oracle_calls,seconds";
constexpr std::string_view header_with_proofs =
    "iteration,objective,gradient_mapping,step,smoothness,oracle_calls,seconds,bound,proved,"
    "obtained";
constexpr std::size_t columns = 7;
constexpr std::size_t most_columns = 10;
constexpr std::string_view json_beginning = "{\"iteration\":";
constexpr int digits = 17;
constexpr const char* damaged_line = "the line is damaged: remove it, or write the log again";

std::string smoothness_text(const IterationRecord& record) {
  return record.smoothness ? record.smoothness->to_text(digits) : "";
}

// The lines of a log, as cells in the order of the header; empty where there is none.
using Cells = std::array<std::string, most_columns>;

Cells names() {
  Cells result;
  std::size_t begin = 0;
  const std::string_view all = header_with_proofs;
  for (std::string& name : result) {
    const std::size_t end = std::min(all.find(',', begin), all.size());
    name = all.substr(begin, end - begin);
    begin = end + 1;
  }
  return result;
}

class LogReader {
 public:
  explicit LogReader(const std::string& path) : path_(path) {
    try {
      const RegularFile regular(path);  // where a FIFO would block, the stream is not opened
      file_.open(path);
    } catch (const NotReadable& error) {
      throw DataError(path, error.what(), "a log is a file that 'smoothbound train --log' wrote");
    }
    if (!file_) fail_open();
  }

  std::vector<IterationRecord> read() {
    std::vector<IterationRecord> records;
    for (std::string text; std::getline(file_, text);) take(text, records);
    if (line_ == 0) fail("is empty", "name a log that smoothbound train --log has written");
    return records;
  }

  struct Lines {
    std::vector<std::string> texts;
    std::vector<IterationRecord> records;  // of each
    bool is_cut_short = false;             // the line behind them, which is not among them
  };

  Lines read_lines(LogFormat format) {
    Lines lines;
    for (std::string text; std::getline(file_, text);) {
      if (file_.eof()) {
        lines.is_cut_short = true;
        break;
      }
      const std::size_t before = lines.records.size();
      take(text, lines.records);
      if (csv_ != (format == LogFormat::csv)) {
        fail(csv_ ? "is CSV, and the name asks for JSON lines"
                  : "is JSON lines, and the name asks for CSV",
             "a log in JSON lines is called *.jsonl");
      }
      if (lines.records.size() > before) lines.texts.push_back(text);
    }
    return lines;
  }

 private:
  [[noreturn]] void fail_open() const {
    throw DataError(path_, fmt::format("cannot read: {}", std::generic_category().message(errno)),
                    "check the path");
  }
  [[noreturn]] void fail(const std::string& what, const std::string& hint) const {
    throw DataError(line_ == 0 ? path_ : fmt::format("{}:{}", path_, line_), what, hint);
  }

  // The next line; that with the names of columns is no record.
  void take(std::string& text, std::vector<IterationRecord>& records) {
    ++line_;
    if (text.ends_with('\r')) text.pop_back();  // as editors and spreadsheets may have it
    if (line_ == 1) {
      if (!is_training_log(text))
        fail("is no log of training", "a log is what 'smoothbound train --log' writes");
      csv_ = text == header || text == header_with_proofs;
      columns_ = text == header_with_proofs || !csv_ ? most_columns : columns;
      if (csv_) return;
    }
    records.push_back(record_of(csv_ ? cells_of_csv(text) : cells_of_json(text)));
  }

  Cells cells_of_csv(std::string_view text) const {
    Cells cells;
    for (std::size_t i = 0; i < columns_; ++i) {
      const std::size_t end = std::min(text.find(','), text.size());
      cells[i] = text.substr(0, end);
      if ((end == text.size()) != (i + 1 == columns_)) {
        fail(fmt::format("is no line of {} cells", columns_), damaged_line);
      }
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return cells;
  }

  Cells cells_of_json(const std::string& text) const {
    Cells cells;
    const auto keys = names();
    try {
      text::Document document;
      text::parse_json(text, document);
      text::Fields fields(document.root(), "a line");
      for (std::size_t i = 0; i < most_columns; ++i) {
        if (const auto value = fields.find(keys[i])) cells[i] = value->text();
      }
    } catch (const SpecError& error) {
      throw DataError(fmt::format("{}:{}:{}", path_, line_, error.location.column), error.what(),
                      "each line is a JSON object, as 'smoothbound train --log' writes it");
    }
    return cells;
  }

  template <class Number>
  Number number(const std::string& cell, std::size_t column) const {
    Number value{};
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc{} || end != cell.data() + cell.size()) {
      fail(fmt::format("'{}' is no {}", cell, names()[column]), damaged_line);
    }
    return value;
  }

  IterationRecord record_of(const Cells& cells) const {
    enum : std::size_t {
      iteration,
      objective,
      mapping,
      step,
      smoothness,
      calls,
      seconds,
      bound,
      proved,
      obtained
    };
    IterationRecord record;
    record.iteration = number<std::int64_t>(cells[iteration], iteration);
    record.objective = number<double>(cells[objective], objective);
    record.gradient_mapping = number<double>(cells[mapping], mapping);
    if (!cells[step].empty()) record.step = number<double>(cells[step], step);
    if (!cells[smoothness].empty()) {
      try {
        record.smoothness = cells[smoothness] == "inf" ? Magnitude::infinity()
                                                       : Magnitude::from_decimal(cells[smoothness]);
      } catch (const std::invalid_argument&) {
        fail(fmt::format("'{}' is no smoothness", cells[smoothness]), damaged_line);
      }
    }
    record.oracle_calls = number<std::int64_t>(cells[calls], calls);
    record.seconds = number<double>(cells[seconds], seconds);
    if (!cells[bound].empty()) {
      record.proof = {number<double>(cells[bound], bound), number<double>(cells[proved], proved),
                      number<double>(cells[obtained], obtained)};
    }
    return record;
  }

  const std::string& path_;
  std::ifstream file_;
  std::int64_t line_ = 0;
  bool csv_ = true;
  std::size_t columns_ = columns;
};

}  // namespace

LogFormat log_format_of(std::string_view path) {
  return path.ends_with(".jsonl") || path.ends_with(".ndjson") ? LogFormat::json_lines
                                                               : LogFormat::csv;
}

std::string_view log_header(bool has_proofs) { return has_proofs ? header_with_proofs : header; }

std::string log_line(const IterationRecord& record, LogFormat format, bool has_proofs) {
  const bool has_step = !std::isnan(record.step);
  const std::optional<IterationRecord::Proof>& proof = record.proof;
  if (format == LogFormat::csv) {
    std::string behind;
    if (has_proofs) {
      behind =
          proof ? fmt::format(",{},{},{}", proof->bound, proof->proved, proof->obtained) : ",,,";
    }
    return fmt::format("{},{},{},{},{},{},{:.6f}{}\n", record.iteration, record.objective,
                       record.gradient_mapping, has_step ? fmt::format("{}", record.step) : "",
                       smoothness_text(record), record.oracle_calls, record.seconds, behind);
  }
  std::string line = fmt::format("{}{},\"objective\":{},\"gradient_mapping\":{}", json_beginning,
                                 record.iteration, record.objective, record.gradient_mapping);
  if (has_step) line += fmt::format(",\"step\":{}", record.step);
  // It may be beyond the range of doubles.
  if (record.smoothness) line += fmt::format(",\"smoothness\":\"{}\"", smoothness_text(record));
  line +=
      fmt::format(",\"oracle_calls\":{},\"seconds\":{:.6f}", record.oracle_calls, record.seconds);
  if (proof) {
    line += fmt::format(",\"bound\":{},\"proved\":{},\"obtained\":{}", proof->bound, proof->proved,
                        proof->obtained);
  }
  return line + "}\n";
}

bool is_training_log(std::string_view beginning) {
  return beginning.starts_with(header) || beginning.starts_with(json_beginning);
}

bool is_training_log_file(const std::string& path) {
  try {
    const RegularFile file(path);
    std::array<char, header.size()> beginning{};
    const ssize_t count = pread(file.descriptor(), beginning.data(), beginning.size(), 0);
    return count > 0 && is_training_log({beginning.data(), static_cast<std::size_t>(count)});
  } catch (const NotReadable&) {
    return false;
  }
}

std::vector<IterationRecord> read_training_log(const std::string& path) {
  return LogReader(path).read();
}

LogFile::LogFile(std::string path, std::int64_t keep_below, double first_objective, bool has_proofs)
    : path_(std::move(path)), has_proofs_(has_proofs), format_(log_format_of(path_)) {
  const std::string first =
      format_ == LogFormat::csv ? fmt::format("{}\n", log_header(has_proofs)) : "";
  std::error_code ignored;
  const auto status = std::filesystem::status(path_, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    open("we");  // once: who reads a pipe takes its end for that of the log
    write(first);
    return;
  }
  // Lines stay as they are: what is read as an upper bound and written again could grow.
  LogReader::Lines before;
  if (keep_below > 0 && std::filesystem::exists(status)) {
    before = LogReader(path_).read_lines(format_);
  }
  dropped_ = before.is_cut_short;
  if (!before.records.empty() && before.records.front().iteration == 0 &&
      !std::isnan(first_objective) && before.records.front().objective != first_objective) {
    throw DataError(
        path_,
        fmt::format("is the log of another run: F at its iteration 0 is {}, and that of "
                    "the run {}",
                    before.records.front().objective, first_objective),
        "name the log of the run, or another file");
  }
  OutputFile begun(path_);
  begun.write(first);
  std::int64_t next = 0;
  for (std::size_t i = 0; i < before.records.size(); ++i) {
    if (before.records[i].iteration >= keep_below) continue;
    begun.write(before.texts[i] + "\n");
    if (before.records[i].iteration == next) ++next;
  }
  has_gap_ = !before.records.empty() && next != keep_below;
  begun.commit();
  open("ae");
}

void LogFile::append(const IterationRecord& record) {
  write(log_line(record, format_, has_proofs_));
}

void LogFile::open(const char* mode) {
  file_.reset(std::fopen(path_.c_str(), mode));
  if (file_ == nullptr) fail();
}

void LogFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
      std::fflush(file_.get()) != 0) {
    fail();
  }
}

void LogFile::fail() const {
  throw_output_error("cannot write", fmt::format("'{}'", escape_controls(path_)));
}

}  // namespace smoothbound
