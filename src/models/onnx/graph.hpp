// An ONNX file as a graph: what the wire format holds, with names resolved and nodes in order.
// Views lead into the bytes of the file, which stay where they are while the graph lives.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smoothbound::models::onnx {

/// TensorProto.DataType
enum class DataType : std::int32_t {
  undefined = 0,
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  text = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  bfloat16 = 16,  // what follows has no arithmetic here, and is kept as it is
};

/// "float32", "float8e4m3fn"; "an unknown type" for what is none.
std::string_view name_of(DataType type);

/// TensorProto. Numbers are in `bytes` (raw_data, external data, or packed float_data and
/// double_data: little endian, C order) or else in `integers`.
struct Tensor {
  std::string_view name;
  std::vector<std::int64_t> sizes;
  DataType type = DataType::undefined;
  std::string_view bytes;
  std::vector<std::int64_t> integers;  // int32_data (bits of 16-bit floats too), int64_data, ...
  std::string file;                    // where `bytes` lie: empty for the model's own file
  std::uint64_t offset = 0;            // of `bytes` in it

  /// Whether `file` and `offset` say where `bytes` lie; they may be in memory alone.
  [[nodiscard]] bool is_in_file() const { return !file.empty() || offset != 0; }
  /// Product of the sizes, checked when the tensor was read.
  [[nodiscard]] std::int64_t elements() const;
  [[nodiscard]] bool is_real() const {
    return type == DataType::float32 || type == DataType::float64 || type == DataType::float16 ||
           type == DataType::bfloat16;
  }
  /// All numbers as doubles; integers beyond 2^53 are rounded. Throws SpecError for texts and
  /// for types without arithmetic.
  [[nodiscard]] std::vector<double> values() const;
};

/// AttributeProto.AttributeType, those that are read; `other` has no value here.
enum class AttributeType : std::uint8_t {
  other = 0,
  real = 1,
  integer = 2,
  text = 3,
  tensor = 4,
  graph = 5,
  reals = 6,
  integers = 7,
  texts = 8
};

/// AttributeProto: the field of its type holds.
struct Attribute {
  std::string_view name;
  AttributeType type = AttributeType::other;
  float real = 0;
  std::int64_t integer = 0;
  std::string_view text;
  std::vector<float> reals;
  std::vector<std::int64_t> integers;
  std::vector<std::string_view> texts;
  std::optional<Tensor> tensor;
  std::string_view graph;  // GraphProto, not read yet: see read_body
};

/// A value: an array that a node makes, an input or an initializer. `absent`: an optional input
/// that is left out.
using ValueId = std::uint32_t;
inline constexpr ValueId absent = 0xFFFFFFFFU;

struct Node {
  std::string_view name;
  std::string_view operation;
  std::string_view domain;  // empty for ONNX's own, which `ai.onnx` is, too
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::vector<Attribute> attributes;

  [[nodiscard]] const Attribute* find(std::string_view attribute) const;
  /// These throw SpecError, without the node's name, for an attribute of another type.
  [[nodiscard]] std::int64_t integer(std::string_view attribute, std::int64_t otherwise) const;
  [[nodiscard]] double real(std::string_view attribute, double otherwise) const;
  [[nodiscard]] std::string_view text(std::string_view attribute, std::string_view otherwise) const;
  /// Empty if it is not given.
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view attribute) const;
  /// `absent` where there is none.
  [[nodiscard]] ValueId input(std::size_t index) const {
    return index < inputs.size() ? inputs[index] : absent;
  }
};

/// ValueInfoProto of a graph's input or output.
struct GraphInput {
  ValueId value = absent;
  DataType type = DataType::undefined;
  bool is_tensor = true;
  bool has_shape = false;
  std::vector<std::optional<std::int64_t>> sizes;  // nothing: symbolic
  std::vector<std::string_view> symbols;           // their names, or empty
};

struct Value {
  std::string_view name;
  /// Number of an initializer in Graph::initializers, or none. Constant nodes are initializers,
  /// too, with `is_literal`.
  std::uint32_t initializer = absent;
  bool is_literal = false;
};

/// More axes no array has.
inline constexpr std::size_t largest_rank = 64;

/// What reading the bodies of a graph takes.
struct Reading;

/// Counts numbers that are held in memory.
class Room {
 public:
  explicit Room(std::size_t most) : left_(most) {}
  /// Throws SpecError if there is not so much left.
  void take(std::size_t count);
  void give_back(std::size_t count) { left_ += count; }
  /// From now on there is room for all.
  void lift() { left_ = static_cast<std::size_t>(-1) / 2; }

 private:
  std::size_t left_;
};

struct Graph {
  std::int64_t ir_version = 0;
  std::int64_t opset = 0;  // of ONNX's own domain
  std::string_view name;
  std::string_view producer;
  std::vector<Value> values;
  std::vector<Tensor> initializers;
  std::vector<Node> nodes;  // each behind those whose outputs it reads; no Constant among them
  std::vector<GraphInput> inputs;  // without those that are initializers
  std::vector<GraphInput> outputs;
  std::deque<std::string> texts;  // names and numbers that the file does not have
  std::shared_ptr<Reading> reading;
  std::shared_ptr<Room> room;  // for known numbers; none: for any number of them

  [[nodiscard]] const Tensor* initializer(ValueId value) const {
    if (value == absent || values[value].initializer == absent) return nullptr;
    return &initializers[values[value].initializer];
  }
  /// A view of a text that lives as long as the graph.
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
  ValueId new_value(std::string_view value_name);
};

/// Reads a model. `path`: where the file lies, for external data, which has to lie in its folder or
/// below; empty: there may be none. Functions of the model are put in place of the nodes that call
/// them. Throws SpecErrors for what is malformed.
Graph read_graph(std::string_view path, std::string_view content);

/// The nodes of a body (an attribute `then_branch`) with names resolved in `graph` as seen at the
/// node whose attribute it is; its Constant nodes become initializers of `graph`. `outputs`: the
/// values it results in. Its names are seen in its own bodies, not in those beside it. Throws
/// SpecErrors, for a body with inputs (a loop's), too.
std::vector<Node> read_body(Graph& graph, std::string_view body, std::vector<ValueId>& outputs);

/// Values of the graph that graphs within these of its nodes name (If, Loop).
std::vector<ValueId> values_read_in_bodies(const Graph& graph, std::span<const Node> nodes);

}  // namespace smoothbound::models::onnx
