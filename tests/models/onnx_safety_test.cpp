// Files that no exporter writes: numbers at the ends of their range, arrays without entries, and
// little that would become much. All of them are refused in words.
#include <gmock/gmock.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "imported.hpp"
#include "onnx_builder.hpp"
#include "onnx_messages.hpp"

namespace smoothbound::testing::onnx {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr const char* is_complete = " | is the file complete?";

std::string refusal_of(const Model& model) {
  return mistakes_of([&] { imported("m.onnx", model.bytes()); });
}

std::string text_of(const Model& model) { return imported("m.onnx", model.bytes()).text; }

Model with_input(const std::vector<Size>& sizes, std::int64_t opset = 13) {
  Model model;
  model.opset = opset;
  model.input("x", sizes).output("y");
  return model;
}

Model image_for(std::int64_t opset = 13) { return with_input({1, 3, 8, 8}, opset); }

// One node that reads the image.
std::string refusal_of_node(const char* operation, const std::vector<std::string>& attributes,
                            std::int64_t opset = 13) {
  Model model = image_for(opset);
  model.initializer("w", {3, 3, 1, 1}, std::vector<float>(9, 1));
  const bool reads_weights = std::string(operation).starts_with("Conv");
  model.node(operation,
             reads_weights ? std::vector<std::string>{"x", "w"} : std::vector<std::string>{"x"},
             {"y"}, attributes);
  return refusal_of(model);
}

// One node that reads the known arrays a, b and c, and whose result is added to the image.
std::string refusal_of_known(const char* operation, const std::vector<std::string>& arrays,
                             const std::vector<std::string>& attributes = {},
                             std::int64_t opset = 13) {
  Model model = image_for(opset);
  std::vector<std::string> names;
  for (const std::string& array : arrays) {
    model.initializer(array);
    names.emplace_back(1, static_cast<char>('a' + names.size()));
  }
  model.node(operation, names, {"k"}, attributes).node("Add", {"x", "k"}, {"y"});
  return refusal_of(model);
}

TEST(OnnxSafety, ArraysWithoutEntriesHaveNoFirstNumber) {
  const std::string expected =
      ": a number is asked for of an array without entries | is the file complete?";
  const std::string none = float_tensor("a", {0}, {});
  EXPECT_EQ(
      refusal_of_known("Range", {none, float_tensor("b", {}, {1}), float_tensor("c", {}, {1})}),
      "a node Range" + expected);
  EXPECT_EQ(refusal_of_known(
                "Trilu", {float_tensor("a", {2, 2}, {1, 2, 3, 4}), integer_tensor("b", {0}, {})}),
            "a node Trilu" + expected);
  Model branch = image_for();
  GraphMaker body;
  body.node("Relu", {"r"}, {"z"}).output("z");
  branch.initializer(bare_tensor("c", {0}, 9)).node("Relu", {"x"}, {"r"});
  branch.node("If", {"c"}, {"i"},
              {graph("then_branch", body.fields), graph("else_branch", body.fields)});
  branch.node("Add", {"i", "r"}, {"y"});
  EXPECT_EQ(refusal_of(branch), "a node If" + expected);
}

TEST(OnnxSafety, SizesBelowZero) {
  const std::string one = float_tensor("a", {1}, {1});
  EXPECT_EQ(refusal_of_known("Expand", {one, integer_tensor("b", {1}, {-5})}),
            "a node Expand: an array has a size below 0" + std::string(is_complete));
  EXPECT_EQ(refusal_of_known("Expand", {one, integer_tensor("b", {2}, {-50, -60})}),
            "a node Expand: an array has a size below 0" + std::string(is_complete));
  EXPECT_EQ(refusal_of_known("ConstantOfShape", {integer_tensor("a", {2}, {-1, -1})}),
            "a node ConstantOfShape: an array has a size below 0" + std::string(is_complete));
  EXPECT_EQ(refusal_of_known("Reshape",
                             {float_tensor("a", {0, 3}, {}), integer_tensor("b", {2}, {0, -1})}),
            "a node Reshape: an array has a size below 0" + std::string(is_complete));
}

TEST(OnnxSafety, LittleThatBecomesMuch) {
  const std::string sizes = integer_tensor("s", {2}, {std::int64_t{1} << 50U, 0});
  for (const char* const operation : {"Slice", "Split"}) {
    Model model = image_for();
    model.initializer(sizes).initializer(integer_tensor("i", {1}, {1}));
    model.initializer(integer_tensor("j", {1}, {most})).node("ConstantOfShape", {"s"}, {"k"});
    if (operation == std::string("Slice")) {
      model.node("Slice", {"k", "i", "j"}, {"l"});
    } else {
      model.node("Split", {"k"}, {"l", "m"});
    }
    model.node("Add", {"x", "l"}, {"y"});
    EXPECT_THAT(refusal_of(model), HasSubstr("is larger than the file lets expect")) << operation;
  }
  Model groups = with_input({1, std::int64_t{1} << 40U, 1}, 18);
  groups.node("Constant", {}, {"s"}, {tensor("value", float_tensor("", {1}, {1}))});
  groups.node("GroupNormalization", {"x", "s", "s"}, {"y"}, {integer("num_groups", 1)});
  EXPECT_THAT(refusal_of(groups), HasSubstr("is larger than the file lets expect"));
}

TEST(OnnxSafety, ManyFixedNumbersInTheText) {
  const std::int64_t size = std::int64_t{1} << 20U;
  Model model = with_input({1, size});
  model.initializer(integer_tensor("n", {}, {size}));
  model.initializer(integer_tensor("zero", {}, {0})).initializer(integer_tensor("one", {}, {1}));
  model.node("Range", {"zero", "n", "one"}, {"r"});
  for (int i = 0; i < 5; ++i) {
    model.node("Add", {i == 0 ? "x" : "a" + std::to_string(i - 1), "r"},
               {i == 4 ? "y" : "a" + std::to_string(i)});
  }
  EXPECT_EQ(refusal_of(model),
            "a node Add: more than 4194304 fixed numbers would stand in the architecture file | "
            "export them as parameters, or compute them where they are used");
}

// What was done to an array is told of sums of sums, too.
TEST(OnnxSafety, DoublingTellsNoLongerStories) {
  for (const char* const operation : {"Add", "Concat"}) {
    Model model = image_for();
    model.initializer("k", {operation == std::string("Add") ? 8 : 0},
                      std::vector<float>(operation == std::string("Add") ? 8 : 0, 1));
    std::string last = "k";
    for (int i = 0; i < 40; ++i) {
      const std::string next = "k" + std::to_string(i);
      model.node(operation, {last, last}, {next},
                 operation == std::string("Add") ? std::vector<std::string>{}
                                                 : std::vector<std::string>{integer("axis", 0)});
      last = next;
    }
    model.node("Shape", {last}, {"s"}).node("ConstantOfShape", {"s"}, {"z"});
    model.node("ReduceSum", {"z"}, {"t"}, {integer("keepdims", 0)}).node("Add", {"x", "t"}, {"y"});
    EXPECT_THAT(text_of(model), HasSubstr("then: [identity]")) << operation;
  }
}

// What is computed when it is asked for is not computed by deep recursion, nor all held at once.
TEST(OnnxSafety, LongChainsOfKnownArrays) {
  Model one = image_for();
  one.initializer(integer_tensor("s", {1}, {5000})).initializer("zero", {}, {0});
  one.node("ConstantOfShape", {"s"}, {"z"});
  one.node("Max", std::vector<std::string>(20000, "z"), {"k"}).node("ReduceMax", {"k"}, {"m"});
  one.node("Mul", {"m", "zero"}, {"n"}).node("Add", {"x", "n"}, {"y"});
  EXPECT_THAT(text_of(one), HasSubstr("then: [identity]"));

  Model many = image_for();
  many.initializer(integer_tensor("s", {1}, {5000}))
      .initializer(bare_tensor("c", {1}, 9, bytes_field(9, std::string(1, '\0'))));
  many.initializer("w", {1}, {1}).node("ConstantOfShape", {"s"}, {"k"});
  std::string last = "k";
  for (int i = 0; i < 20000; ++i) {
    const std::string next = "k" + std::to_string(i);
    many.node("Where", {"c", "w", last}, {next});
    last = next;
  }
  many.node("ReduceMax", {last}, {"m"}).node("Add", {"x", "m"}, {"y"});
  EXPECT_EQ(refusal_of(many),
            "a node Where: what is computed of known arrays takes too much memory | simplify the "
            "model before, for example with onnxsim");
}

TEST(OnnxSafety, EntriesThatAreNotThere) {
  const std::string table = float_tensor("a", {1000, 2}, std::vector<float>(2000, 1.5F));
  EXPECT_EQ(refusal_of_known("Transpose", {table}, {ints("perm", {0, 0})}),
            "a node Transpose: perm is [0, 0] | it names each axis once");
  EXPECT_EQ(refusal_of_known("Transpose", {table}, {ints("perm", {0})}),
            "a node Transpose: perm is [0] | it names each axis once");
  EXPECT_EQ(refusal_of_known("Concat",
                             {float_tensor("a", {2, 1}, {1, 2}), float_tensor("b", {1, 2}, {1, 2})},
                             {integer("axis", 0)}),
            "a node Concat: [1, 2] is joined with [2, 1]" + std::string(is_complete));
  Model joined = image_for();
  joined.initializer("k", {1, 5, 2, 2}, std::vector<float>(20, 1));
  joined.node("Concat", {"x", "k"}, {"y"}, {integer("axis", 1)});
  EXPECT_EQ(refusal_of(joined),
            "a node Concat: [1, 5, 2, 2] is joined with [1, 3, 8, 8]" + std::string(is_complete));
  Model resized = image_for(18);
  resized.initializer(integer_tensor("s", {3}, {3, 16, 16}));
  resized.node("Resize", {"x", "", "", "s"}, {"y"}, {ints("axes", {2})});
  EXPECT_EQ(refusal_of(resized),
            "a node Resize: 3 sizes for other axes" + std::string(is_complete));
  Model padded = image_for(18);
  padded.initializer(integer_tensor("p", {2}, {1, 1}))
      .initializer(integer_tensor("a", {3}, {1, 2, 3}));
  padded.node("Pad", {"x", "p", "", "a"}, {"y"});
  EXPECT_EQ(refusal_of(padded),
            "a node Pad: pads are [1, 1], of an array [1, 3, 8, 8] | one in "
            "front for each axis, then one behind");
  Model unnamed = with_input({2, 4});
  unnamed.initializer("w", {4, 4}, std::vector<float>(16, 1)).initializer("b", {1, 2}, {1, 2});
  unnamed.node("Gemm", {"x", "w", "b"}, {"", "y"});
  EXPECT_EQ(refusal_of(unnamed), "a node Gemm: arrays [1, 4] and [1, 2] do not fit each other" +
                                     std::string(is_complete));
  Model axis = with_input({5}, 8);
  axis.initializer(integer_tensor("i", {}, {0})).initializer("o", {1}, {1});
  axis.node("Gather", {"x", "i"}, {"g"});
  axis.node("BatchNormalization", {"g", "o", "o", "o", "o"}, {"y"}, {integer("spatial", 0)});
  EXPECT_EQ(refusal_of(axis),
            "a node BatchNormalization: it reads an array [] | it reads [batch, channels, ...]");
}

TEST(OnnxSafety, NumbersAtTheEndsOfTheirRange) {
  EXPECT_THAT(
      refusal_of_node("Conv", {integer("group", std::int64_t{1} << 62U)}),
      StartsWith("a node Conv: 3 channels meet weights for 3 in 4611686018427387904 groups"));
  EXPECT_THAT(refusal_of_node("Conv", {integer("group", 0)}),
              StartsWith("a node Conv: 3 channels meet weights for 3 in 0 groups"));
  EXPECT_THAT(refusal_of_node("Conv", {ints("strides", {std::int64_t{1} << 62U, 1})}),
              StartsWith("a node Conv: strides is [4611686018427387904, 1]"));
  EXPECT_THAT(
      refusal_of_node("ConvTranspose", {ints("pads", {most, most, most, most})}),
      HasSubstr(
          "with 2 axes of positions | one in front for each axis, then one behind, none below 0"));
  EXPECT_THAT(refusal_of_node("MaxPool", {ints("kernel_shape", {most, least})}),
              StartsWith("a node MaxPool: kernel_shape is ["));
  EXPECT_THAT(refusal_of_node("Pad", {ints("pads", {0, 0, least, least, 0, 0, 1, 1})}, 9),
              StartsWith("a node Pad: pads are [0, 0, -9223372036854775808"));
  EXPECT_THAT(refusal_of_node("Pad", {ints("pads", {most, most, 1, 0, most, most, 1, 1})}, 9),
              StartsWith("a node Pad: pads are [9223372036854775807"));
  EXPECT_EQ(refusal_of_node("DepthToSpace", {integer("blocksize", std::int64_t{1} << 32U)}),
            "a node DepthToSpace: blocks of 4294967296 in [3, 8, 8]" + std::string(is_complete));
  EXPECT_EQ(refusal_of_node("SpaceToDepth", {integer("blocksize", least)}),
            "a node SpaceToDepth: blocks of -9223372036854775808 in [3, 8, 8]" +
                std::string(is_complete));
  Model gather = image_for();
  gather.initializer(integer_tensor("i", {2}, {least, most}));
  gather.node("Gather", {"x", "i"}, {"y"}, {integer("axis", 1)});
  EXPECT_EQ(refusal_of(gather),
            "a node Gather: an index beyond the axis" + std::string(is_complete));
  Model kernel = image_for();
  kernel.initializer("w", {0, 3, std::int64_t{1} << 40U, 1}, {}).node("Conv", {"x", "w"}, {"y"});
  EXPECT_EQ(refusal_of(kernel), "a node Conv: the weights have the shape [0, 3, 1099511627776, 1]" +
                                    std::string(is_complete));
  Model product = with_input({1, 2});
  product.initializer("w", {2, 3, 0}, {}).node("MatMul", {"x", "w"}, {"y"});
  EXPECT_EQ(refusal_of(product),
            "a node MatMul: a product with a vector of weights | export the weights as a matrix");
}

TEST(OnnxSafety, HugeInputs) {
  const std::int64_t huge = std::int64_t{1} << 40U;
  const auto refusal = [](const std::vector<Size>& sizes, std::int64_t type) {
    Model model;
    model.input("x", sizes, type).output("y").node("Relu", {"x"}, {"y"});
    return refusal_of(model);
  };
  EXPECT_EQ(refusal({1, huge, huge}, 7),
            "an array's size exceeds 2^63 - 1 | make the sizes smaller");
  EXPECT_EQ(refusal({1, 2, huge}, 1),
            "an array [2, 1099511627776]: it has more than 2^40 numbers | is the size of the input "
            "that of the network?");
  EXPECT_EQ(refusal({most, 3, 8, 8}, 1),
            "input 'x' has a batch of 9223372036854775807 | export it with a batch of one");
  EXPECT_EQ(refusal(std::vector<Size>(65, Size(1)), 1),
            "an array of 65 axes | arrays of up to 64 axes are read");
}

TEST(OnnxSafety, ManyAxes) {
  Model initializer = image_for();
  initializer.initializer("w", std::vector<std::int64_t>(65, 1), {1})
      .node("Add", {"x", "w"}, {"y"});
  EXPECT_THAT(refusal_of(initializer),
              StartsWith("initializer 'w': the array has 65 axes; up to 64 are read"));
  const std::string many = ": an array of 300 axes | arrays of up to 64 axes are read";
  EXPECT_EQ(refusal_of_node("Unsqueeze", {ints("axes", std::vector<std::int64_t>(300, 0))}, 11),
            "a node Unsqueeze" + many);
  EXPECT_EQ(refusal_of_node("Squeeze", {ints("axes", std::vector<std::int64_t>(300, 0))}, 11),
            "a node Squeeze" + many);
  EXPECT_EQ(
      refusal_of_known("Reshape", {float_tensor("a", {1}, {1}),
                                   integer_tensor("b", {300}, std::vector<std::int64_t>(300, 1))}),
      "a node Reshape" + many);
  // The same axis many times is that axis.
  Model norm = image_for(17);
  norm.initializer("o", {8}, std::vector<float>(8, 1));
  norm.node("LayerNormalization", {"x", "o"}, {"y"},
            {ints("axes", std::vector<std::int64_t>(60, 3))});
  EXPECT_THAT(text_of(norm), HasSubstr("layer_norm"));
}

TEST(OnnxSafety, ZerosAmongSizesDoNotHideTheOthers) {
  const std::int64_t huge = std::int64_t{1} << 40U;
  EXPECT_THAT(refusal_of_known("ReduceSum", {float_tensor("a", {0, huge, huge}, {})}),
              StartsWith("initializer 'a': the array has more than 2^63 - 1 numbers"));
}

// As long as the file is, and not its square.
TEST(OnnxSafety, ManyOutputsOfOneChain) {
  constexpr int count = 20000;
  Model model = image_for();
  std::string last = "x";
  for (int i = 0; i < count; ++i) {
    const std::string next = i + 1 == count ? "y" : "c" + std::to_string(i);
    model.node("Cast", {last}, {next}, {integer("to", 1)});
    if (i + 1 < count) model.output(next);
    last = next;
  }
  EXPECT_THAT(text_of(model), HasSubstr("then: [identity]"));
}

TEST(OnnxSafety, ManyArraysOfOneName) {
  constexpr int count = 2000;
  Model model = with_input({1, 1, 2, 2});
  std::string last = "x";
  for (int i = 0; i < count; ++i) {
    const std::string next = i + 1 == count ? "y" : "c" + std::to_string(i);
    const std::string weight = "/w" + std::to_string(i);
    model.initializer(weight, {1, 1, 1, 1}, {static_cast<float>(i)});
    model.node("Conv", {last, weight}, {next});
    last = next;
  }
  const auto tensors = imported("m.onnx", model.bytes()).tensors;
  ASSERT_EQ(tensors.size(), 2000U);
  EXPECT_EQ(tensors.front().name, "conv.weight");
  EXPECT_EQ(tensors.back().name, "conv.weight_2000");
}

TEST(OnnxSafety, SumsOfKnownArrays) {
  const auto text = [](const char* operation) {
    Model model = image_for();
    model.node("Constant", {}, {"k"}, {real("value_float", 1.5F)});
    model.node(operation, {"k", "k"}, {"s"}).node("Add", {"x", "s"}, {"y"});
    return model;
  };
  EXPECT_THAT(text_of(text("Sum")), HasSubstr("{shift: 3}"));
  EXPECT_EQ(
      refusal_of(text("Mean")),
      "a node Mean: nothing of it depends on the network's input | compute it before the export");
  Model shape = image_for(15);
  shape.initializer("k", {2, 3, 5}, std::vector<float>(30, 1));
  shape.node("Shape", {"k"}, {"s"}, {integer("start", 1), integer("end", 2)});
  shape.node("Cast", {"s"}, {"f"}, {integer("to", 1)}).node("Add", {"x", "f"}, {"y"});
  EXPECT_THAT(text_of(shape), HasSubstr("{shift: 3}"));
}

// Arrays that are computed of the same weights are different ones, as long as it is not certain
// that they are the same.
TEST(OnnxSafety, ComputedWeightsAreNoTwins) {
  const auto is_shared = [](const std::vector<std::string>& first,
                            const std::vector<std::string>& second) {
    Model model = with_input({1, 2});
    model.initializer("w", {2, 2}, {1, 2, 3, 4});
    model.node("Trilu", {"w"}, {"a"}, first).node("Trilu", {"w"}, {"b"}, second);
    model.node("Gemm", {"x", "a"}, {"c"}).node("Gemm", {"c", "b"}, {"y"});
    return text_of(model).find("share:") != std::string::npos;
  };
  EXPECT_FALSE(is_shared({integer("upper", 1)}, {integer("upper", 0)}));
  const auto is_shared_scaled = [](float alpha) {
    Model model = with_input({1, 2});
    model.initializer("w", {2, 2}, {1, 2, 3, 4});
    model.node("Gemm", {"x", "w"}, {"c"}).node("Gemm", {"c", "w"}, {"y"}, {real("alpha", alpha)});
    return text_of(model).find("share:") != std::string::npos;
  };
  EXPECT_TRUE(is_shared_scaled(1));
  EXPECT_FALSE(is_shared_scaled(2));
}

}  // namespace
}  // namespace smoothbound::testing::onnx
