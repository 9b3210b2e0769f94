/** Every .slt file: what it expects holds, and bounded and continuous queries agree. */

import { suite } from './runner/suite.ts'

suite(['bounded', 'continuous'])
