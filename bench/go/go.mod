module trunkline.test/bench

go 1.24
