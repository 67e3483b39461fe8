// Text and Markdown: the same sections, told apart only by how they are set.
#pragma once

#include <string>

#include "grid.hpp"
#include "smoothbound/report/bound/writers.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {

/// How headings, paragraphs, lists and tables are set.
class Page {
 public:
  explicit Page(const Sink& sink) : sink_(sink) {}
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;
  virtual ~Page() = default;

  virtual void title(const std::string& line) = 0;
  virtual void heading(const std::string& line) = 0;
  virtual void item(const std::string& line) = 0;
  virtual void grid(const Grid& grid) = 0;
  /// Text that others have written, made harmless: it may hold controls and markup.
  [[nodiscard]] virtual std::string foreign(std::string_view text) const {
    return escape_controls(text);
  }
  void paragraph(const std::string& line) { put(line + "\n"); }
  void gap() { put("\n"); }

 protected:
  void put(std::string_view text) const { sink_(text); }
  [[nodiscard]] const Sink& sink() const { return sink_; }

 private:
  const Sink& sink_;
};

class TextPage : public Page {
 public:
  using Page::Page;
  void title(const std::string& line) override { put(line + "\n"); }
  void heading(const std::string& line) override { put("\n" + line + "\n"); }
  void item(const std::string& line) override { put("  - " + line + "\n"); }
  void grid(const Grid& grid) override { grid.write_text("  ", sink()); }
};

class MarkdownPage : public Page {
 public:
  using Page::Page;
  void title(const std::string& line) override { put("## " + line + "\n\n"); }
  void heading(const std::string& line) override { put("\n### " + line + "\n\n"); }
  void item(const std::string& line) override { put("- " + line + "\n"); }
  void grid(const Grid& grid) override {
    grid.write_markdown(sink());
    gap();
  }
  [[nodiscard]] std::string foreign(std::string_view text) const override {
    return escape_markdown(escape_controls(text));
  }
};

}  // namespace smoothbound
