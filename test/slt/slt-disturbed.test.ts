/** Every .slt file again: cutting the input into single rows changes nothing, nor do restarts and
 *  kills between any two steps. */

import { suite } from './runner/suite.ts'

suite(['batch1', 'restart'])
