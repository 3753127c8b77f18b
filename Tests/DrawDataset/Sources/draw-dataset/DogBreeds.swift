extension DogHead {
  /// A breed's head and body.
  static func breed(_ random: inout RandomStream) -> (DogHead, Physique) {
    var head = DogHead()
    var body = Physique(
      torso: 3.1, chest: 0.98, waist: 0.74, hips: 0.84, leg: 1.9, legRadius: 0.27, paw: 0.29,
      neck: 1.15, neckRadius: 0.56, neckRise: 0.9, head: 0.88,
      tail: TailShape(
        length: 2.3, radius: 0.2, tip: 0.12, lift: random.between(-0.6, 0.9),
        curl: random.between(0, 0.9)))
    switch random.pick(weighted: [2: 0, 0.7: 1, 1.6: 2, 0.8: 3, 1: 4, 0.9: 5, 1.5: 6, 0.75: 7]) {
    case 0:  // retriever
      head.ears = .hanging(length: 0.85, width: 0.3)
      body.tail.radius = 0.26
    case 1:  // shepherd
      head.ears = .pricked(height: 0.88)
      head.muzzle = 1.02
      head.lips = 0.6
      body.tail.radius = 0.3
      body.tail.tip = 0.16
      body.tail.lift = -0.8
    case 2:  // hound: long ears
      head.ears = .hanging(length: 1.3, width: 0.34)
      head.lips = 1.3
      body.tail.lift = 1
      body.tail.radius = 0.15
      body.leg = 1.55
    case 3:  // terrier: tipped ears, beard
      head.ears = .tipped
      head.muzzle = 0.8
      head.beard = 0.9
      body.torso = 2.3
      body.leg = 1.6
      body.chest = 0.85
      body.waist = 0.75
      body.tail.length = 1.1
      body.tail.lift = 1.2
    case 4:  // badger dog: long and low
      head.ears = .hanging(length: 1.1, width: 0.3)
      head.muzzle = 1.1
      head.muzzleWidth = 0.86
      body.torso = 4
      body.leg = 0.8
      body.chest = 0.9
      body.waist = 0.72
      body.hips = 0.76
    case 5:  // pug or bulldog: short broad muzzle
      head.ears = .button
      head.width = 1.12
      head.muzzle = 0.42
      head.muzzleWidth = 1.22
      head.lips = 1.5
      head.eyes = 0.19
      body.torso = 2.3
      body.leg = 1.2
      body.chest = 1.02
      body.legRadius = 0.3
      body.neck = 0.8
      body.neckRadius = 0.68
      body.tail.length = 0.9
      body.tail.lift = 1.4
      body.tail.curl = 3
    case 6:  // spaniel or poodle: full ears
      head.ears = .hanging(length: 1.15, width: 0.42)
      head.muzzle = 0.9
      body.torso = 2.5
      body.leg = 1.5
      body.tail.length = 1.1
      body.tail.radius = 0.28
      body.tail.tip = 0.26
      body.tail.lift = 0.9
    default:  // spitz: pricked ears, curled tail
      head.ears = .pricked(height: 0.72)
      head.muzzle = 0.82
      head.lips = 0.5
      body.torso = 2.6
      body.leg = 1.6
      body.tail.length = 2.2
      body.tail.radius = 0.32
      body.tail.tip = 0.24
      body.tail.lift = 1.7
      body.tail.curl = 3.4
    }
    return (head, body)
  }
}
